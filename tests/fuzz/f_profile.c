/* Bytes as one of AWS's shared files: rows that lie in it, or a reason without a value. And as a
 * command line: words that lie in it. */
/* Aims at: cloud/profile.c */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "profile.h"

static void law_rows(const struct profile_file *file)
{
	const char *end = file->text.data ? file->text.data + file->text.len : NULL;

	for (size_t i = 0; i < file->count; i++) {
		const struct profile_row *row = &file->rows[i];
		LAW(row->profile && row->line > 0);
		if (!row->key)
			continue;
		LAW(*row->key && row->value);
		LAW(row->value >= file->text.data && row->value <= end);
		LAW(!strchr(row->value, '\n'));
		LAW(profile_has(file, row->profile));
		LAW(!*row->value || profile_find(file, row->profile, row->key));
	}
}

static void law_words(const uint8_t *bytes, size_t len)
{
	const char *words[PROFILE_WORDS + 1];
	char *line = strndup((const char *)bytes, len);
	size_t room = strlen(line);
	int count = profile_words(line, words);

	LAW(count != 0 && count <= PROFILE_WORDS);
	for (int i = 0; i < count; i++)
		LAW(words[i] >= line && words[i] + strlen(words[i]) <= line + room);
	LAW(count < 0 || !words[count]);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char path[64];
	int fd = memfd_create("profile", 0);

	LAW(fd >= 0 && write_all(fd, bytes, len) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	for (enum profile_kind kind = PROFILE_CONFIG; kind <= PROFILE_CREDENTIALS; kind++) {
		struct profile_file file = { 0 };
		struct arena arena = { 0 };
		struct err err = { 0 };
		if (profile_read(&file, path, kind, &arena, &err) == 0)
			law_rows(&file);
		else
			LAW(err.kind != ERR_NONE && *err.text);
		profile_close(&file);
		arena_close(&arena);
	}
	close(fd);
	law_words(bytes, len);
	return 0;
}
