/* The limit of `lab` with many hosts: N of them on one bridge, a process each; says "created" when
 * every link carries packets, then takes all down and says "gone".   hosts N */
#include "nl.h"
#include "star.h"

static void play(int host, int fd)
{
	char end;

	(void)host;
	take(fd, &end, 1);
}

int main(int argc, char **argv)
{
	struct star star;
	int count = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;

	if (count < 1 || count > 1023) {
		fprintf(stderr, "usage: hosts N (1 to 1023)\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	star_make(&star, count, play);
	printf("created hosts=%d\n", count);
	star_end(&star);
	printf("gone hosts=%d\n", count);
	return 0;
}
