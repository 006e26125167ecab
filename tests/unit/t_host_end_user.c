/* The tests of t_host_end.c once more, as an ordinary user. */
#define IS_ORDINARY true
#include "t_host_end.c"
