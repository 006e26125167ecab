/* The tests of t_host.c once more, as an ordinary user: namespaces inside a user namespace. */
#define IS_ORDINARY true
#include "t_host.c"
