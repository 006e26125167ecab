/* The kinds as a table: how one reads what is set, and how it sets something else. */
#include "cloud_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ec2.h"
#include "ec2_network.h"
#include "file.h"
#include "util.h"
#include "zone_record.h"

enum {
	JOURNAL_BYTES = 64 * 1024,
	WORD_LEN = 64
};

static int group_read(const struct cloud *cloud, const char *on, const char **value,
		      struct err *err)
{
	const char **group;
	size_t count;

	if (ec2_groups(cloud->aws, on, cloud->arena, &group, &count, err) < 0)
		return -1;
	*value = count == 1 ? group[0] : NULL;
	return 0;
}

static int group_write(const struct cloud *cloud, const char *on, const char *value,
		       struct err *err)
{
	return ec2_set_group(cloud->aws, on, value, err);
}

static int group_find(const struct cloud *cloud, const char *word, const char **value,
		      struct err *err)
{
	return ec2_group_named(cloud->aws, cloud->lab,
			       arena_printf(cloud->arena, "%s-%s", cloud->lab, word), cloud->arena,
			       value, err);
}

static int acl_read(const struct cloud *cloud, const char *on, const char **value, struct err *err)
{
	struct ec2_acl acl;

	if (ec2_acl_of(cloud->aws, on, cloud->arena, &acl, err) < 0)
		return -1;
	*value = acl.acl;
	return 0;
}

/* The association is another one after each change. */
static int acl_write(const struct cloud *cloud, const char *on, const char *value, struct err *err)
{
	struct ec2_acl acl;

	if (ec2_acl_of(cloud->aws, on, cloud->arena, &acl, err) < 0)
		return -1;
	return ec2_set_acl(cloud->aws, acl.association, value, err);
}

static int acl_find(const struct cloud *cloud, const char *word, const char **value,
		    struct err *err)
{
	return ec2_acl_named(cloud->aws, cloud->lab,
			     arena_printf(cloud->arena, "%s-%s", cloud->lab, word), cloud->arena,
			     value, err);
}

static int record_read(const struct cloud *cloud, const char *on, const char **value,
		       struct err *err)
{
	struct zone_record record;

	if (zone_record_find(cloud->aws, cloud->lab, on, cloud->arena, &record, err) < 0)
		return -1;
	*value = record.address;
	return 0;
}

static int record_write(const struct cloud *cloud, const char *on, const char *value,
			struct err *err)
{
	struct zone_record record;

	if (zone_record_find(cloud->aws, cloud->lab, on, cloud->arena, &record, err) < 0)
		return -1;
	return zone_record_set(cloud->aws, &record, value, err);
}

static int record_find(const struct cloud *cloud, const char *word, const char **value,
		       struct err *err)
{
	(void)cloud;
	(void)err;
	*value = word;
	return 0;
}

static const struct kind_ops {
	const char *name;
	int (*read)(const struct cloud *cloud, const char *on, const char **value, struct err *err);
	int (*write)(const struct cloud *cloud, const char *on, const char *value, struct err *err);
	int (*find)(const struct cloud *cloud, const char *word, const char **value,
		    struct err *err);
} ops[CLOUD_KINDS] = {
	[CLOUD_GROUP] = { "security-group", group_read, group_write, group_find },
	[CLOUD_ACL] = { "network-acl", acl_read, acl_write, acl_find },
	[CLOUD_RECORD] = { "record", record_read, record_write, record_find },
};

/* ---- the journal: a line is KIND ON WAS NOW ---- */

static bool is_word(const char *word)
{
	size_t len = strlen(word);

	return len > 0 && len < WORD_LEN &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

static int take_line(struct cloud *cloud, const char *line, size_t len)
{
	char *words[4], *rest = arena_ndup(cloud->arena, line, len);
	struct cloud_undo undo = { .kind = CLOUD_KINDS };

	for (size_t i = 0; i < COUNT(words); i++) {
		words[i] = rest;
		rest += strcspn(rest, " ");
		if ((*rest == '\0') != (i + 1 == COUNT(words)))
			return -1;
		*rest++ = '\0';
	}
	for (int kind = 0; kind < CLOUD_KINDS; kind++)
		if (streq(words[0], ops[kind].name))
			undo.kind = (enum cloud_kind)kind;
	if (undo.kind == CLOUD_KINDS || !is_word(words[1]) || !is_word(words[2]) ||
	    !is_word(words[3]))
		return -1;
	undo.on = words[1];
	undo.was = words[2];
	undo.now = words[3];
	cloud->undo = arena_grow(cloud->arena, cloud->undo, cloud->count, &cloud->cap, sizeof undo);
	cloud->undo[cloud->count++] = undo;
	return 0;
}

static int take_lines(struct cloud *cloud, const struct buf *bytes, struct err *err)
{
	for (size_t at = 0; at < bytes->len;) {
		const char *end = memchr(bytes->data + at, '\n', bytes->len - at);
		if (!end ||
		    take_line(cloud, bytes->data + at, (size_t)(end - bytes->data) - at) < 0)
			return err_set(err, ERR_CANNOT,
				       "%s/%s is damaged: lab down, then lab up, mends what it "
				       "told of",
				       cloud->folder, CLOUD_JOURNAL);
		at = (size_t)(end - bytes->data) + 1;
	}
	return 0;
}

int cloud_journal_read(struct cloud *cloud, struct err *err)
{
	const char *path = arena_printf(cloud->arena, "%s/%s", cloud->folder, CLOUD_JOURNAL);
	struct buf bytes = { 0 };
	int status;

	cloud->count = 0;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	status = file_read(AT_FDCWD, path, JOURNAL_BYTES, &bytes, err);
	if (status == 0)
		status = take_lines(cloud, &bytes, err);
	buf_close(&bytes);
	return status;
}

/* The whole of it, under its name at once, and on the disk before the call that it is about. */
static int journal_write(const struct cloud *cloud, struct err *err)
{
	int fd = open(cloud->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC), status;
	struct buf out = { 0 };

	if (fd < 0)
		return err_sys(err, "%s", cloud->folder);
	for (size_t i = 0; i < cloud->count; i++)
		buf_printf(&out, "%s %s %s %s\n", ops[cloud->undo[i].kind].name, cloud->undo[i].on,
			   cloud->undo[i].was, cloud->undo[i].now);
	status = file_write(fd, CLOUD_JOURNAL, out.data ? out.data : "", out.len, err);
	if (status == 0 && syncfs(fd) < 0)
		status = err_sys(err, "%s/%s", cloud->folder, CLOUD_JOURNAL);
	buf_close(&out);
	close(fd);
	return status;
}

/* ---- */

static size_t undo_find(const struct cloud *cloud, enum cloud_kind kind, const char *on)
{
	for (size_t i = 0; i < cloud->count; i++)
		if (cloud->undo[i].kind == kind && streq(cloud->undo[i].on, on))
			return i;
	return SIZE_MAX;
}

static int check_undo(const struct cloud *cloud, const struct cloud_undo *undo, struct err *err)
{
	const char *name = ops[undo->kind].name;

	if (undo_find(cloud, undo->kind, undo->on) != SIZE_MAX)
		return err_set(err, ERR_USAGE, "%s of %s is changed already: heal that first", name,
			       undo->on);
	if (!undo->was || !is_word(undo->was) || !is_word(undo->now) || !is_word(undo->on))
		return err_set(err, ERR_CANNOT, "%s of %s is not as lab up made it", name,
			       undo->on);
	if (streq(undo->was, undo->now))
		return err_set(err, ERR_CANNOT, "%s of %s is %s already, and lab did not do it",
			       name, undo->on, undo->now);
	return 0;
}

int cloud_set(struct cloud *cloud, enum cloud_kind kind, const char *on, const char *now,
	      struct err *err)
{
	struct cloud_undo undo = { .kind = kind, .on = on ? on : CLOUD_RECORD_LABEL };
	const char *is;

	if (ops[kind].find(cloud, now, &undo.now, err) < 0 ||
	    ops[kind].read(cloud, undo.on, &undo.was, err) < 0 || check_undo(cloud, &undo, err) < 0)
		return -1;
	cloud->undo = arena_grow(cloud->arena, cloud->undo, cloud->count, &cloud->cap, sizeof undo);
	cloud->undo[cloud->count++] = undo;
	if (journal_write(cloud, err) < 0) {
		cloud->count--; /* nothing was changed */
		return -1;
	}
	if (ops[kind].write(cloud, undo.on, undo.now, err) < 0 ||
	    ops[kind].read(cloud, undo.on, &is, err) < 0)
		return -1;
	return is && streq(is, undo.now)
		   ? 0
		   : err_set(err, ERR_BROKE, "%s of %s: the cloud took the call, and tells %s",
			     ops[kind].name, undo.on, is ? is : "several");
}

/* What somebody else set meanwhile is theirs. */
static int undo_one(struct cloud *cloud, size_t at, struct err *err)
{
	const struct cloud_undo undo = cloud->undo[at];
	const char *is;

	if (ops[undo.kind].read(cloud, undo.on, &is, err) < 0)
		return -1;
	if (is && streq(is, undo.now)) {
		if (ops[undo.kind].write(cloud, undo.on, undo.was, err) < 0 ||
		    ops[undo.kind].read(cloud, undo.on, &is, err) < 0)
			return -1;
		if (!is || !streq(is, undo.was))
			return err_set(err, ERR_BROKE, "%s of %s is not %s again",
				       ops[undo.kind].name, undo.on, undo.was);
	}
	cloud->undo[at] = cloud->undo[--cloud->count];
	return journal_write(cloud, err);
}

int cloud_undo(struct cloud *cloud, enum cloud_kind kind, const char *on, struct err *err)
{
	size_t at = undo_find(cloud, kind, on ? on : CLOUD_RECORD_LABEL);

	return at == SIZE_MAX ? err_set(err, ERR_BROKE, "%s: nothing is set that could be healed",
					ops[kind].name)
			      : undo_one(cloud, at, err);
}

int cloud_mend(struct cloud *cloud, size_t *count, struct err *err)
{
	struct err first = { 0 };

	*count = 0;
	for (size_t i = cloud->count; i-- > 0;) {
		struct err one = { 0 };

		if (undo_one(cloud, i, &one) == 0)
			(*count)++;
		else if (first.kind == ERR_NONE)
			first = one;
	}
	if (first.kind == ERR_NONE)
		return 0;
	*err = first;
	return -1;
}
