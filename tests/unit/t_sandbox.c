/* What `lab up` writes down, its lock, whence SSH is let in, what it costs:
 * orchestrator/sandbox*.c. */
#include "sandbox.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "file.h"
#include "folder.h"
#include "sandbox_from.h"
#include "sandbox_price.h"

struct fixture {
	char state[FOLDER_PATH];
	struct arena arena;
	struct err err;
	struct sandbox sandbox;
};

static void open_fixture(struct fixture *f, void **state)
{
	*f = (struct fixture){ .sandbox = { .lock_fd = -1 } };
	folder_inside(*state, f->state);
	setenv("XDG_STATE_HOME", f->state, 1);
	assert_int_equal(sandbox_find(&f->sandbox, &f->arena, &f->err), 0);
}

static void close_fixture(struct fixture *f)
{
	sandbox_close(&f->sandbox);
	arena_close(&f->arena);
}

static void fill(struct fixture *f)
{
	const char *folder = f->sandbox.folder;
	int lock_fd = f->sandbox.lock_fd;

	f->sandbox = (struct sandbox){ .folder = folder,
				       .lock_fd = lock_fd,
				       .is_there = true,
				       .id = "7f3a2c",
				       .name = "lab-7f3a2c",
				       .account = "123456789012",
				       .region = "eu-central-1",
				       .from = "198.51.100.7/32",
				       .made_at = "2026-01-31T18:00:00Z",
				       .expires_at = "2026-01-31T22:00:00Z",
				       .clients = 3 };
}

static void test_none(void **state)
{
	struct fixture f;

	open_fixture(&f, state);
	assert_false(f.sandbox.is_there);
	assert_int_equal(access(f.sandbox.folder, F_OK), -1);
	close_fixture(&f);
}

static void test_written(void **state)
{
	struct fixture f;
	struct sandbox again;

	open_fixture(&f, state);
	assert_int_equal(sandbox_lock(&f.sandbox, &f.arena, &f.err), 0);
	fill(&f);
	assert_int_equal(sandbox_write(&f.sandbox, &f.err), 0);
	assert_int_equal(sandbox_find(&again, &f.arena, &f.err), 0);
	assert_true(again.is_there);
	assert_false(again.is_up);
	assert_string_equal(again.name, "lab-7f3a2c");
	assert_string_equal(again.expires_at, "2026-01-31T22:00:00Z");
	assert_int_equal(again.clients, 3);

	assert_int_equal(sandbox_forget(&f.sandbox, &f.err), 0);
	assert_int_equal(sandbox_find(&again, &f.arena, &f.err), 0);
	assert_false(again.is_there);
	assert_int_equal(access(f.sandbox.folder, F_OK), -1);
	close_fixture(&f);
}

/* Its pinned host keys go with it, those of another lab stay. */
static void test_pins(void **state)
{
	struct fixture f;

	open_fixture(&f, state);
	assert_int_equal(sandbox_lock(&f.sandbox, &f.arena, &f.err), 0);
	fill(&f);
	assert_int_equal(sandbox_write(&f.sandbox, &f.err), 0);
	const char *pins = arena_printf(&f.arena, "%s/lab/known-hosts", f.state);
	assert_int_equal(file_folder(pins, &f.err), 0);
	int fd = open(pins, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_write(fd, "lab-7f3a2c", "x", 1, &f.err), 0);
	assert_int_equal(file_write(fd, "lab-other", "x", 1, &f.err), 0);
	assert_int_equal(sandbox_forget(&f.sandbox, &f.err), 0);
	assert_int_equal(faccessat(fd, "lab-7f3a2c", F_OK, 0), -1);
	assert_int_equal(faccessat(fd, "lab-other", F_OK, 0), 0);
	close(fd);
	close_fixture(&f);
}

/* Another process: a lock of flock(2) is of the open file, so a second open would do, too. */
static void test_lock(void **state)
{
	struct fixture f;
	struct sandbox second;

	open_fixture(&f, state);
	assert_int_equal(sandbox_lock(&f.sandbox, &f.arena, &f.err), 0);
	assert_int_equal(sandbox_find(&second, &f.arena, &f.err), 0);
	assert_int_equal(sandbox_lock(&second, &f.arena, &f.err), -1);
	assert_int_equal(f.err.kind, ERR_CANNOT);
	assert_non_null(
	    strstr(f.err.text, arena_printf(&f.arena, "process %ld, since 2", (long)getpid())));
	sandbox_close(&f.sandbox);
	assert_int_equal(sandbox_lock(&second, &f.arena, &f.err), 0);
	sandbox_close(&second);
	close_fixture(&f);
}

static void test_damaged(void **state)
{
	static const char *const text[] = {
		"",
		"{",
		"{}",
		"{\"schema\":\"lab.sandbox/2\"}",
		"{\"schema\":\"lab.sandbox/1\",\"id\":\"a\"}",
		"{\"schema\":\"lab.sandbox/1\",\"id\":\"a\",\"name\":\"b\",\"account\":\"1\","
		"\"region\":\"r\",\"from\":\"f\",\"made_at\":\"yesterday\","
		"\"expires_at\":\"2026-01-31T22:00:00Z\",\"clients\":3}",
		"{\"schema\":\"lab.sandbox/1\",\"id\":\"a\",\"name\":\"b\",\"account\":\"1\","
		"\"region\":\"r\",\"from\":\"f\",\"made_at\":\"2026-01-31T22:00:00Z\","
		"\"expires_at\":\"2026-01-31T22:00:00Z\",\"clients\":0}",
		/* A path in the name would be removed by sandbox_forget. */
		"{\"schema\":\"lab.sandbox/1\",\"id\":\"a\",\"name\":\"../b\",\"account\":\"1\","
		"\"region\":\"r\",\"from\":\"f\",\"made_at\":\"2026-01-31T22:00:00Z\","
		"\"expires_at\":\"2026-01-31T22:00:00Z\",\"clients\":3}",
	};
	struct fixture f;

	open_fixture(&f, state);
	assert_int_equal(file_folder(f.sandbox.folder, &f.err), 0);
	int fd = open(f.sandbox.folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(text); i++) {
		struct sandbox again;
		assert_int_equal(file_write(fd, "lab.json", text[i], strlen(text[i]), &f.err), 0);
		assert_int_equal(sandbox_find(&again, &f.arena, &f.err), -1);
		assert_int_equal(f.err.kind, ERR_CANNOT);
		assert_non_null(strstr(f.err.text, "lab cleanup -b aws"));
		assert_false(again.is_there);
	}
	close(fd);
	close_fixture(&f);
}

static void test_times(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(sandbox_time(1769882400, &arena), "2026-01-31T18:00:00Z");
	assert_int_equal(sandbox_seconds("2026-01-31T18:00:00Z"), 1769882400);
	assert_int_equal(sandbox_seconds("2026-01-31T18:00:00"), -1);
	assert_int_equal(sandbox_seconds("2026-01-31 18:00:00Z"), -1);
	assert_int_equal(sandbox_seconds("2026-01-31T18:00:00Zx"), -1);
	assert_string_equal(sandbox_span(40, &arena), "40 s");
	assert_string_equal(sandbox_span(59 * 60, &arena), "59 min");
	assert_string_equal(sandbox_span(4 * 3600 - 60, &arena), "3 h 59 min");
	arena_close(&arena);
}

static void test_from(void **state)
{
	static const struct {
		const char *text, *cidr; /* NULL: refused */
	} row[] = {
		{ "198.51.100.7", "198.51.100.7/32" },
		{ "198.51.100.0/24", "198.51.100.0/24" },
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "0.0.0.0/0", NULL },
		{ "128.0.0.0/7", NULL },
		{ "198.51.100.7/33", NULL },
		{ "198.51.100.7/", NULL },
		{ "198.51.100", NULL },
		{ "2001:db8::1", NULL },
		{ "mine", NULL },
		{ "", NULL },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *cidr = NULL;
		struct err err;
		int status = sandbox_from_check(&cidr, row[i].text, &arena, &err);
		if (status != (row[i].cidr ? 0 : -1))
			fail_msg("%s: %d", row[i].text, status);
		if (row[i].cidr)
			assert_string_equal(cidr, row[i].cidr);
		else
			assert_int_equal(err.kind, ERR_USAGE);
	}
	arena_close(&arena);
}

/* Where an endpoint takes AWS's place nobody is asked. */
static void test_from_asked(void **state)
{
	const struct aws aws = { .endpoint[AWS_EC2] = "http://127.0.0.1:1" };
	struct arena arena = { 0 };
	const char *cidr;
	struct err err;

	(void)state;
	assert_int_equal(sandbox_from_ask(&cidr, &aws, &arena, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.text, "--from CIDR"));
	arena_close(&arena);
}

static void test_price(void **state)
{
	static const char text[] = "[prices]\nas-of = 2025-06-01\n[address]\npublic = 0.005\n"
				   "[volume]\neu-central-1 = 0.0730\n"
				   "[t3.micro]\neu-central-1 = 0.0120\nus-east-1 = 0.0104\n";
	struct arena arena = { 0 };
	struct sandbox_price price;
	char folder[FOLDER_PATH];
	struct err err;

	folder_inside(*state, folder);
	const char *file = arena_printf(&arena, "%s/prices.ini", folder);
	int fd = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_write(fd, "prices.ini", text, strlen(text), &err), 0);
	close(fd);
	/* Four hosts with 8 GiB each, three public addresses. */
	assert_true(sandbox_price(&price, file, "eu-central-1", "t3.micro", 3, &arena));
	assert_float_equal(price.dollars, 4 * (0.0120 + 0.0730 * 8 / 730) + 3 * 0.005, 1e-9);
	assert_string_equal(price.as_of, "2025-06-01");
	assert_false(sandbox_price(&price, file, "us-east-1", "t3.micro", 3, &arena));
	assert_false(sandbox_price(&price, file, "eu-central-1", "m7i.metal", 3, &arena));
	assert_false(sandbox_price(&price, "/no/such/file", "eu-central-1", "t3.micro", 3, &arena));
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),    cmocka_unit_test(test_written),
		cmocka_unit_test(test_pins),    cmocka_unit_test(test_lock),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_times),
		cmocka_unit_test(test_from),    cmocka_unit_test(test_from_asked),
		cmocka_unit_test(test_price),
	};

	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
