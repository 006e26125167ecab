/* Merges captures packet by packet: memory holds one packet a capture, whatever their size. */
#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "pcapfile.h"
#include "pcapng.h"
#include "util.h"

enum {
	FLUSH_AT = 1 << 18,
	COMMENT_MAX = 4096
};

struct input {
	struct pcapfile capture;
	const char *file; /* "client-1.lan" */
	bool has_frame;   /* false: no more */
	struct frame_seen frame;
};

/* A capture that was cut ends at its last whole packet (the analysis says so: is_cut); a broken
 * disk is an error. */
static int input_next(struct input *input, struct err *err)
{
	input->has_frame = pcapfile_next(&input->capture, &input->frame);
	if (input->capture.is_broken)
		return err_set(err, ERR_BROKE, "run.pcapng: cannot read capture/%s.pcap",
			       input->file);
	return 0;
}

/* Nothing to read where it is gone, or its header was cut off. */
static int input_open(struct input *input, int dirfd, const char *file, struct err *err)
{
	char path[512];
	struct err why = { 0 };

	input->file = file;
	if (strchr(file, '/') ||
	    snprintf(path, sizeof path, "capture/%s.pcap", file) >= (int)sizeof path)
		return err_set(err, ERR_BROKE, "%.64s: not the name of a capture", file);
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, "%s", path);
	if (pcapfile_take(&input->capture, fd, path, &why) < 0)
		return err_set(err, why.kind, "run.pcapng: cannot read %s", why.text);
	return input_next(input, err);
}

static bool is_cited(const struct source *source, size_t nsource, const struct input *input)
{
	for (size_t i = 0; i < nsource; i++)
		if (source[i].kind == SOURCE_PACKET && streq(source[i].file, input->file) &&
		    source[i].first <= input->frame.number && input->frame.number <= source[i].last)
			return true;
	return false;
}

/* What the findings say about this packet; false: nothing. */
static bool comment_of(struct buf *out, const struct analysis *analysis, const struct input *input)
{
	buf_clear(out);
	for (size_t f = 0; f < analysis->nfinding; f++) {
		const struct finding *finding = &analysis->finding[f];
		const char *label = finding->connection->label;

		for (size_t i = 0; i < finding->nevidence; i++)
			if (is_cited(finding->evidence[i].source, finding->evidence[i].nsource,
				     input))
				buf_printf(out, "%s%s%s%s (%s)", out->len ? "\n" : "",
					   label ? label : "", label ? ": " : "",
					   finding->evidence[i].says, finding->code);
		for (size_t i = 0; i < finding->nruled_out; i++)
			if (is_cited(finding->ruled_out[i].source, finding->ruled_out[i].nsource,
				     input))
				buf_printf(out, "%s%s%snot %s: %s", out->len ? "\n" : "",
					   label ? label : "", label ? ": " : "",
					   finding->ruled_out[i].code, finding->ruled_out[i].says);
		if (out->len > COMMENT_MAX)
			break;
	}
	return out->len > 0;
}

static struct input *earliest(struct input *input, size_t count)
{
	struct input *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (input[i].has_frame && (!first || input[i].frame.t_ns < first->frame.t_ns))
			first = &input[i];
	return first;
}

static int flush(int fd, struct buf *out, struct err *err)
{
	if (out->len > 0 && write_all(fd, out->data, out->len) < 0)
		return err_sys(err, "run.pcapng");
	buf_clear(out);
	return 0;
}

static void add_head(struct buf *out, const struct result *result, const struct input *input,
		     size_t count)
{
	struct buf comment = { 0 };

	buf_printf(&comment, "lab %s on %s, run %s: %s (%s)", result->scenario, result->backend,
		   result->run, result->verdict, confidence_name(result->confidence));
	if (result->finding)
		buf_printf(&comment, "\n%s", result->finding->says);
	pcapng_section(out, comment.data);
	for (size_t i = 0; i < count; i++)
		pcapng_interface(out,
				 input[i].capture.stream ? (uint16_t)input[i].capture.linktype : 1,
				 input[i].capture.snaplen, input[i].file);
	buf_close(&comment);
}

static int merge(int fd, const struct result *result, struct input *input, size_t count,
		 struct err *err)
{
	struct buf out = { 0 }, comment = { 0 };
	struct input *next;
	int status = 0;

	add_head(&out, result, input, count);
	while (status == 0 && (next = earliest(input, count))) {
		bool has_comment = comment_of(&comment, &result->analysis, next);

		pcapng_packet(&out, (uint32_t)(next - input), next->frame.t_ns, next->frame.bytes,
			      next->frame.caplen, next->frame.len,
			      has_comment ? comment.data : NULL);
		status = input_next(next, err);
		if (status == 0 && out.len >= FLUSH_AT)
			status = flush(fd, &out, err);
	}
	if (status == 0)
		status = flush(fd, &out, err);
	buf_close(&out);
	buf_close(&comment);
	return status;
}

static int write_merged(int dirfd, const struct result *result, struct input *input, size_t count,
			struct err *err)
{
	int fd, status;

	unlinkat(dirfd, "run.pcapng.tmp", 0); /* of a lab that was killed; never written through */
	fd = openat(dirfd, "run.pcapng.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "run.pcapng");
	status = merge(fd, result, input, count, err);
	if (close(fd) < 0 && status == 0)
		status = err_sys(err, "run.pcapng");
	if (status == 0 && renameat(dirfd, "run.pcapng.tmp", dirfd, "run.pcapng") < 0)
		status = err_sys(err, "run.pcapng");
	if (status < 0)
		unlinkat(dirfd, "run.pcapng.tmp", 0);
	return status;
}

int pcapng_write(int dirfd, const struct result *result, struct err *err)
{
	const struct analysis *analysis = &result->analysis;
	size_t count = analysis->ncapture;
	struct input *input;
	int status = 0;

	if (count == 0) {
		if (unlinkat(dirfd, "run.pcapng", 0) < 0 && errno != ENOENT)
			return err_sys(err, "run.pcapng");
		return 0;
	}
	file_allow(2 * count); /* all at once, and a run still holds those it wrote */
	input = calloc(count, sizeof *input);
	if (!input)
		return err_sys(err, "run.pcapng");
	for (size_t i = 0; i < count && status == 0; i++)
		status = input_open(&input[i], dirfd, analysis->capture[i].file, err);
	if (status == 0)
		status = write_merged(dirfd, result, input, count, err);
	for (size_t i = 0; i < count; i++)
		pcapfile_close(&input[i].capture);
	free(input);
	return status;
}
