/* Opens a run directory (or one capture file), finds its hosts, reads its captures into flows. */
#include "trace.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "buf.h"
#include "pcapfile.h"

enum {
	CAPTURES_MAX = 4096
};

static const struct event *event_of_file(const struct event_list *list, const char *file)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *of = event_get(list->event[i], "file");
		if (of && streq(of, file))
			return list->event[i];
	}
	return NULL;
}

static int packets_read(struct trace *trace, struct capture_seen *capture, int dirfd,
			const char *path, struct err *err)
{
	struct pcapfile file;
	struct frame_seen frame;
	struct packet packet;
	const struct host_seen *host =
	    capture->host == NO_HOST ? NULL : &trace->host[capture->host];
	int64_t shift_ns = host && host->has_real ? host->real_shift_ns : 0;
	flow_table_init(&capture->flows, trace->arena);
	if (pcapfile_open(&file, dirfd, path, err) < 0)
		return -1;
	while (pcapfile_next(&file, &frame))
		if (packet_parse(&packet, file.linktype, frame.bytes, frame.caplen, frame.len))
			flow_add(&capture->flows, &packet,
				 time_bound(time_bound(frame.t_ns) + shift_ns), frame.number);
	capture->info.packets = file.count;
	capture->info.is_cut = file.is_cut || file.count < capture->said;
	pcapfile_close(&file);
	return 0;
}

/* On a shared stack a host's capture is "host ADDRESS": all of its own and nothing else. */
static bool is_whole_host(const struct trace *trace, int host, const char *filter)
{
	struct addr addr;
	return host != NO_HOST && starts_with(filter, "host ") &&
	       addr_parse(&addr, filter + strlen("host "), 0) == 0 &&
	       host_has(&trace->host[host], &addr);
}

/* What the hosts said of their captures. */
struct said {
	struct event_list begin, end;
};

static struct capture_seen *capture_new(struct trace *trace, size_t *cap, const struct said *said,
					const char *file)
{
	const struct event *begin = event_of_file(&said->begin, file);
	const struct event *end = event_of_file(&said->end, file);
	const char *filter = begin ? event_get(begin, "filter") : NULL;
	const char *dot = strchr(file, '.');
	trace->capture =
	    arena_grow(trace->arena, trace->capture, trace->ncapture, cap, sizeof *trace->capture);
	struct capture_seen *capture = &trace->capture[trace->ncapture++];
	*capture = (struct capture_seen){ .host = NO_HOST, .is_filtered = !begin };
	capture->info.file = arena_dup(trace->arena, file);
	capture->info.dropped = end ? event_num(end, "dropped", -1) : -1;
	if (begin) {
		capture->info.host = begin->host;
		capture->info.link = event_get(begin, "link");
		capture->iface = event_get(begin, "iface");
		capture->is_filtered = filter && *filter;
		capture->filter = filter;
	} else if (dot) {
		capture->info.host = arena_ndup(trace->arena, file, (size_t)(dot - file));
		capture->info.link = arena_dup(trace->arena, dot + 1);
	}
	if (capture->info.host)
		capture->host = trace_host(trace, capture->info.host);
	capture->is_narrow =
	    capture->is_filtered && !(filter && is_whole_host(trace, capture->host, filter));
	capture->said = end ? event_num(end, "packets", -1) : -1;
	return capture;
}

static void captures_gone(struct trace *trace, const struct said *said)
{
	for (size_t i = 0; i < said->begin.count; i++) {
		const struct event *event = said->begin.event[i];
		const char *file = event_get(event, "file");
		bool is_there = !file;
		for (size_t k = 0; k < trace->ncapture && !is_there; k++)
			is_there = streq(trace->capture[k].info.file, file);
		if (!is_there)
			trace->host[trace_host_of(trace, event)].gone = file;
	}
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_capture_name(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > 5 && streq(entry->d_name + len - 5, ".pcap");
}

static int captures_read(struct trace *trace, int dirfd, const struct said *said, struct err *err)
{
	struct dirent **entry = NULL;
	size_t cap = 0;
	int count = scandirat(dirfd, "capture", &entry, is_capture_name, compare_names);
	if (count < 0)
		return errno == ENOENT ? 0 : err_sys(err, "capture");
	int status = 0;
	for (int i = 0; i < count; i++) {
		char path[NAME_MAX + 16];
		const char *name = entry[i]->d_name;
		if (status == 0 && i < CAPTURES_MAX) {
			snprintf(path, sizeof path, "capture/%s", name);
			const char *file = arena_ndup(trace->arena, name, strlen(name) - 5);
			struct capture_seen *capture = capture_new(trace, &cap, said, file);
			status = packets_read(trace, capture, dirfd, path, err);
			capture->is_whole = capture->info.dropped == 0 && !capture->info.is_cut;
		}
		free(entry[i]);
	}
	free(entry);
	return status;
}

/* The run's own end closes what is kept: it begins behind the last look at the hosts, or, when
 * there was none after the last step, behind the last thing that a step did. */
static int64_t until(const struct trace *trace)
{
	static const char *const kinds[] = { "snapshot", "connect", "connecting", "send",
					     "recv",     "listen",  "resolve" };
	int64_t last_ns = INT64_MIN;
	for (size_t i = 0; i < trace->nevent; i++) {
		const struct event *event = &trace->event[i];
		int64_t t_ns = trace_time(trace, trace_host_of(trace, event), event->t_ns);
		for (size_t k = 0; k < COUNT(kinds); k++)
			if (event_is(event, kinds[k]) && t_ns > last_ns)
				last_ns = t_ns;
	}
	return last_ns == INT64_MIN ? INT64_MAX : last_ns;
}

/* 20261122T175308Z-...: made for a run, whether or not it came to write something. */
static bool is_of_run(const char *path)
{
	static const char shape[] = "99999999T999999Z-";
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '9' ? !isdigit((unsigned char)path[len + i])
				    : path[len + i] != shape[i])
			return false;
	return true;
}

static int directory_read(struct trace *trace, const char *path, int dirfd, struct err *err)
{
	if (events_load(dirfd, "events.ndjson", &trace->event, &trace->nevent, trace->arena, err) <
	    0)
		return -1;
	trace->is_interrupted = faccessat(dirfd, "manifest.json", F_OK, 0) < 0;
	trace_hosts(trace);
	trace_clocks(trace);
	const struct said said = {
		.begin = events_of_kind(trace, "capture"),
		.end = events_of_kind(trace, "capture.end"),
	};
	if (captures_read(trace, dirfd, &said, err) < 0)
		return -1;
	captures_gone(trace, &said);
	if (!trace->nevent && !trace->ncapture && !is_of_run(path))
		return err_set(err, ERR_USAGE, "not a run directory: no events, no captures");
	trace_readings(trace);
	trace->until_ns = until(trace);
	return 0;
}

static int file_only(struct trace *trace, const char *path, const struct stat *st, struct err *err)
{
	if (S_ISREG(st->st_mode) && st->st_size < PCAPFILE_LEAST)
		return err_set(err, ERR_USAGE, "%s: not a capture: %s", path,
			       st->st_size ? "it is shorter than the header of one"
					   : "it is empty");
	trace->is_pcap = true;
	trace->until_ns = INT64_MAX;
	trace->capture = arena_alloc(trace->arena, sizeof *trace->capture);
	trace->ncapture = 1;
	trace->capture->host = NO_HOST;
	trace->capture->is_filtered = true;
	trace->capture->info.file = arena_dup(trace->arena, path);
	trace->capture->info.dropped = -1;
	trace->capture->said = -1;
	if (packets_read(trace, trace->capture, AT_FDCWD, path, err) < 0)
		return -1;
	/* Drops are not told in the file; no verdict from one file is more than likely. */
	trace->capture->is_whole = !trace->capture->info.is_cut;
	return 0;
}

int trace_load(struct trace *trace, const char *path, struct arena *arena, struct err *err)
{
	struct stat st;
	*trace = (struct trace){ .arena = arena };
	if (stat(path, &st) < 0)
		return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return file_only(trace, path, &st, err);
	int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(err, "%s", path);
	int status = directory_read(trace, path, dirfd, err);
	close(dirfd);
	if (status < 0)
		err_in(err, "%s", path);
	return status;
}
