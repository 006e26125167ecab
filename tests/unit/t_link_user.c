/* The tests of t_link.c once more, as an ordinary user: namespaces inside a user namespace. */
#define IS_ORDINARY true
#include "t_link.c"
