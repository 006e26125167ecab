/* Calls that this project does not make: no shell, no unbounded copies, no hidden state.
 * Forced first into every file by the Makefile, so that a slip does not compile. */
#ifndef BANNED_H
#define BANNED_H

#undef _FORTIFY_SOURCE /* its inline wrappers would name the poisoned calls */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison system popen strcpy strcat sprintf vsprintf gets strtok strncpy strncat
#pragma GCC poison atoi atol atoll usleep sleep rand srand gmtime localtime ctime asctime tmpnam   \
    mktemp

#endif
