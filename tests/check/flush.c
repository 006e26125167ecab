/* Coverage builds only (linked with --wrap=_exit): a process that ends by _exit tells what it
 * reached, as one does that ends by exit. What a signal ends tells nothing. */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
