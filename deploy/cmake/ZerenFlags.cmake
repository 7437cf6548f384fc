# deploy/cmake/ZerenFlags.cmake - the interface target zeren_flags: language, warnings, sanitizers, hardening.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# No name of ours may take the place of one inside a library (a json_object() of ours once took jansson's).
set(CMAKE_C_VISIBILITY_PRESET hidden)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_library(zeren_flags INTERFACE)
target_include_directories(zeren_flags INTERFACE ${CMAKE_SOURCE_DIR}/common ${CMAKE_SOURCE_DIR}/proto)
target_compile_definitions(zeren_flags INTERFACE _GNU_SOURCE=
  $<$<BOOL:${ZEREN_TEST_CLOCK}>:ZEREN_TEST_CLOCK>)
# Tables leave out the columns at their end: -Wextra's missing-field-initializers would forbid that. Texts made of a .def are as long as it is.
target_compile_options(zeren_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wstrict-prototypes
  -fvisibility=hidden -Wmissing-prototypes -Wno-missing-field-initializers -Wno-overlength-strings -Wvla -Wundef -Wswitch-enum -Wnull-dereference -Wno-missing-field-initializers
  $<$<C_COMPILER_ID:GNU>:-Wimplicit-fallthrough=5> $<$<C_COMPILER_ID:Clang>:-Wimplicit-fallthrough>
  $<$<BOOL:${ZEREN_WERROR}>:-Werror>)

# Release: optimised and hardened; assertions stay on (a wrong answer is worse than a restart).
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(ZEREN_DEBUG_FLAGS "-Og -g" CACHE STRING "Level and debugging of a Debug build")
set(CMAKE_C_FLAGS_DEBUG "${ZEREN_DEBUG_FLAGS}")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(zeren_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fno-plt)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
    target_compile_options(zeren_flags INTERFACE -fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(zeren_flags INTERFACE -mbranch-protection=standard)
  endif()
  target_link_options(zeren_flags INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
endif()

if(ZEREN_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_definitions(zeren_flags INTERFACE ARENA_DEBUG)
elseif(ZEREN_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT ZEREN_SANITIZE STREQUAL "")
  message(FATAL_ERROR "ZEREN_SANITIZE is address, thread or empty")
endif()
if(ZEREN_FUZZ)
  list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
if(ZEREN_COVERAGE)
  list(APPEND sanitizers --coverage -fprofile-update=atomic)
endif()
target_compile_options(zeren_flags INTERFACE ${sanitizers})
target_link_options(zeren_flags INTERFACE ${sanitizers})
