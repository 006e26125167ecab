/* One run of one side of a comparison: what is started, what it must answer, what was measured. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <regex.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	BATCH_MAX = 64,
	NAME_LEN = 4096,
	WHY_LEN = 512,
	SAME_LEN = 80,
	OUT_MAX = 4 << 20, /* bytes of output that are looked at */
};

/* Times from the start of the (last) process; of a batch: the slowest. */
enum metric {
	VERDICT_MS, /* until the line that `mark` matches came out of the pipe */
	EXIT_MS,    /* until the last process has ended */
	CPU_MS,     /* user and system, of all that was started */
	CREATE_MS,  /* until the hosts are up: the first phase of a lab run, else the mark */
	DESTROY_MS, /* from the mark to the exit */
	END_MS,     /* lab: from the end of its play to the exit: analysis and destroying */
	GONE_MS,    /* until the kernel had removed its namespaces, which no exit waits for */
	MEMORY_KIB, /* most that MemAvailable shrank by */
	METRICS,
};
#define ABSENT (-1.0)

struct side {
	const char *name, *want, *same, *mark;
	char **argv;  /* @ in a word stands for the run's folder; ends with NULL */
	int captures; /* files that must be there and hold the failure; 0: none is looked for */
	int is_lab;   /* 1: there is a run directory; nothing of its program's folder may be left */
	int memory;   /* 1: look at MemAvailable while it runs */
	int hosts;    /* told in the figures; 0: not */
	int late_s;   /* patience with one run */
	int uid;      /* 0: as the caller */
	regex_t want_re, same_re, mark_re;
	char seen[SAME_LEN]; /* what `same` captured in the first run; all others must equal it */
};

struct measured {
	double value[METRICS];
};

/* Plays it `batch` times at once in folders of their own. -1: wrong or late, `why` says what. */
int side_run(struct side *side, int batch, const char *folder, int settler, struct measured *out,
	     char *why);

/* One started process. */
struct child {
	char *text; /* its output; owned */
	size_t len, line;
	double mark_ms, exit_ms, cpu_ms;
	int out, end, counter, go; /* pipe, pidfd, CPU clock, start signal; -1: none */
	pid_t pid;
	int status;
};

double now_ms(void);
/* Forks and prepares; it waits for child_go. Its stderr and working files are in `folder`. */
int child_start(struct child *child, const struct side *side, const char *folder, char *why);
void child_go(struct child *child);
/* Until all have ended. Least MemAvailable in *least (KiB) when it is not NULL. */
int children_wait(struct child *child, int count, const struct side *side, double start_ms,
		  double *least, char *why);
void child_close(struct child *child);
double memory_available_kib(void);

/* Of one run: exit status, output, captures, run directory. */
int answer_check(struct side *side, const struct child *child, const char *folder, char *why);
/* Is a process of the program's folder still there? */
int answer_left(const struct side *side, char *why);
/* Stamps of lab's own record, in ms of CLOCK_MONOTONIC; ABSENT when not there. */
void answer_stamps(const char *folder, double *phase_ms, double *end_ms);
void folder_remove(const char *path);

/* The kernel takes dead network namespaces apart one batch after the other, long after the
 * processes are gone, and in the way of whoever comes next. A process that makes one, lets it die
 * and sees it go knows that all that died before are gone too. -1 where that is not allowed: then
 * nobody waits. */
int settle_start(void);
/* Returns when all that died before this call is gone; -1: not within a minute. */
int settle(int fd);

/* Every .pcap file below a folder. */
struct pcaps {
	int files, empty, with_syn, with_rst;
};
int pcaps_read(const char *folder, struct pcaps *out, char *why);

#endif
