/* Is the answer right? A fast wrong run is no run. */
#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <libgen.h>
#include <sys/wait.h>

#include "measure.h"

void folder_remove(const char *path)
{
	char *paths[] = { (char *)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	for (FTSENT *at; tree && (at = fts_read(tree));)
		if (at->fts_info != FTS_D && remove(at->fts_accpath) < 0)
			perror(at->fts_path);
	if (tree)
		fts_close(tree);
}

static int wrong(const struct side *side, const struct child *child, const char *folder, char *why,
		 const char *what)
{
	char name[NAME_LEN], said[200] = "";
	int len;

	snprintf(name, sizeof(name), "%s/stderr", folder);
	FILE *in = fopen(name, "re");
	if (in) {
		said[fread(said, 1, sizeof(said) - 1, in)] = '\0';
		fclose(in);
	}
	len = snprintf(why, WHY_LEN, "%s: %s", side->name, what);
	if (len < WHY_LEN)
		snprintf(why + len, (size_t)(WHY_LEN - len), "; it said: %.150s%s%.150s", said,
			 *said ? " / " : "",
			 child->text + (child->len > 150 ? child->len - 150 : 0));
	return -1;
}

static int same_answer(struct side *side, const struct child *child)
{
	regmatch_t at[2];
	char got[SAME_LEN];

	if (regexec(&side->same_re, child->text, 2, at, 0) != 0 || at[1].rm_so < 0)
		return -1;
	snprintf(got, sizeof(got), "%.*s", (int)(at[1].rm_eo - at[1].rm_so),
		 child->text + at[1].rm_so);
	if (!*side->seen)
		memcpy(side->seen, got, sizeof(got));
	return strcmp(side->seen, got) == 0 ? 0 : -1;
}

int answer_check(struct side *side, const struct child *child, const char *folder, char *why)
{
	char what[WHY_LEN];
	struct pcaps pcaps;

	if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0) {
		snprintf(what, sizeof(what), "status 0x%x", (unsigned)child->status);
		return wrong(side, child, folder, why, what);
	}
	if (side->want && regexec(&side->want_re, child->text, 0, NULL, 0) != 0)
		return wrong(side, child, folder, why, "another answer");
	if (side->mark && child->mark_ms < 0)
		return wrong(side, child, folder, why, "the line that is timed did not come");
	if (side->same && same_answer(side, child) < 0)
		return wrong(side, child, folder, why, "not what the first run said");
	if (side->captures == 0)
		return 0;
	if (pcaps_read(folder, &pcaps, what) < 0)
		return wrong(side, child, folder, why, what);
	/* Client 2 sees no RST: it never knocks at the closed port. */
	if (pcaps.files != side->captures || pcaps.empty || pcaps.with_syn != pcaps.files ||
	    pcaps.with_rst != pcaps.files - 1) {
		snprintf(what, sizeof(what),
			 "captures: %d files, %d empty, %d with SYN, %d with RST", pcaps.files,
			 pcaps.empty, pcaps.with_syn, pcaps.with_rst);
		return wrong(side, child, folder, why, what);
	}
	return 0;
}

int answer_left(const struct side *side, char *why)
{
	char program[NAME_LEN], exe[NAME_LEN], link[NAME_LEN];
	DIR *proc = opendir("/proc");
	int left = 0;

	snprintf(program, sizeof(program), "%s", side->argv[0]);
	const char *folder = dirname(program);
	for (struct dirent *at; proc && (at = readdir(proc));) {
		if (at->d_name[0] < '0' || at->d_name[0] > '9')
			continue;
		snprintf(link, sizeof(link), "/proc/%s/exe", at->d_name);
		ssize_t len = readlink(link, exe, sizeof(exe) - 1);
		exe[len < 0 ? 0 : len] = '\0';
		left += strncmp(exe, folder, strlen(folder)) == 0;
	}
	if (proc)
		closedir(proc);
	if (left)
		snprintf(why, WHY_LEN, "%s: %d processes left behind", side->name, left);
	return left ? -1 : 0;
}

static double stamp(const char *line)
{
	const char *at = strstr(line, "\"t_ns\":");

	return at ? strtod(at + 7, NULL) / 1e6 : ABSENT;
}

void answer_stamps(const char *folder, double *phase_ms, double *end_ms)
{
	char *paths[] = { (char *)folder, NULL }, *line = NULL;
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t size = 0;

	*phase_ms = *end_ms = ABSENT;
	for (FTSENT *at; tree && (at = fts_read(tree));) {
		if (at->fts_info != FTS_F || strcmp(at->fts_name, "steps.ndjson") != 0)
			continue;
		FILE *in = fopen(at->fts_accpath, "re");
		while (in && getline(&line, &size, in) > 0) {
			if (*phase_ms < 0 && strstr(line, "\"kind\":\"phase\""))
				*phase_ms = stamp(line);
			if (strstr(line, "\"kind\":\"end\""))
				*end_ms = stamp(line);
		}
		if (in)
			fclose(in);
	}
	free(line);
	if (tree)
		fts_close(tree);
}
