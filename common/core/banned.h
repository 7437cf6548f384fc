/* common/core/banned.h - functions that nothing here may call: naming one stops the build.
 * Included last, after every system header. Does not offer replacements: arena_printf and snprintf
 * for text, clock.h for time, RAND_bytes for chance. */
#ifndef ZEREN_CORE_BANNED_H
#define ZEREN_CORE_BANNED_H

#define BANNED(function) sorry_##function##_is_a_banned_function

/* Process-wide state that threads would fight over. */
#undef setlocale
#define setlocale(category, name) BANNED(setlocale)
#undef setenv
#define setenv(name, value, overwrite) BANNED(setenv)
#undef localtime
#define localtime(at) BANNED(localtime)
#undef strtok
#define strtok(text, delimiters) BANNED(strtok)
#undef rand
#define rand() BANNED(rand)

/* Writers that do not know how much room there is. */
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef gets
#define gets(to) BANNED(gets)

#endif
