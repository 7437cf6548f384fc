/* common/core/harden.h - what a process gives up before it reads its first secret: core files,
 * being traced or read by others of its user, new privileges, files for others to read. Does not
 * sandbox: that is the deployment's (deploy/systemd, containers). */
#ifndef ZEREN_CORE_HARDEN_H
#define ZEREN_CORE_HARDEN_H

#include <stdbool.h>

/* To be called first in main(), before threads and before OpenSSL is used. False when the kernel
 * refuses any of it: such a process must not go on to read keys. */
bool harden_process(void);

#endif
