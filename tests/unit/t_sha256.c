/* SHA-256 against the examples of FIPS 180 and NIST's long message, each as this processor does it
 * and in portable C (a state that is not NULL). */
#include "unit.h"

#include "sha256.h"
#include "util.h"

static const struct vector {
	const char *text, *hex;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void begin(struct sha256 *sha, const void *in_c)
{
	sha256_init(sha);
	sha->is_portable = in_c != NULL;
}

static void the_examples_of_the_standard_hold(void **state)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		char hex[SHA256_HEX];
		struct sha256 sha;

		begin(&sha, *state);
		sha256_add(&sha, vectors[i].text, strlen(vectors[i].text));
		sha256_hex(&sha, hex);
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void a_million_letters_hold_in_any_portions(void **state)
{
	static char letters[1000000];

	memset(letters, 'a', sizeof(letters));
	for (size_t portion = 1; portion <= sizeof(letters); portion = portion * 3 + 1) {
		char hex[SHA256_HEX];
		struct sha256 sha;

		begin(&sha, *state);
		for (size_t at = 0; at < sizeof(letters); at += portion) {
			size_t left = sizeof(letters) - at;

			sha256_add(&sha, letters + at, left < portion ? left : portion);
		}
		sha256_hex(&sha, hex);
		assert_string_equal(
		    hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
}

/* Around a block's end the padding decides; a digest of all of them was made with sha256sum. */
static void every_length_around_a_block_is_told_apart(void **state)
{
	char all[SHA256_HEX], text[130];
	struct sha256 total;

	memset(text, 'x', sizeof(text));
	begin(&total, *state);
	for (size_t len = 0; len < sizeof(text); len++) {
		char hex[SHA256_HEX];
		struct sha256 sha;

		begin(&sha, *state);
		sha256_add(&sha, text, len);
		sha256_hex(&sha, hex);
		sha256_add(&total, hex, 64);
	}
	sha256_hex(&total, all);
	assert_string_equal(all,
			    "199af942eba7fa5d1e16d475169eb24018b14e69339c93d26a9ea6d873b4ace6");
}

int main(void)
{
	int in_c = 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_standard_hold),
		cmocka_unit_test(a_million_letters_hold_in_any_portions),
		cmocka_unit_test(every_length_around_a_block_is_told_apart),
		{ "the_examples_hold_in_c", the_examples_of_the_standard_hold, NULL, NULL, &in_c },
		{ "a_million_letters_hold_in_c", a_million_letters_hold_in_any_portions, NULL, NULL,
		  &in_c },
		{ "every_length_is_told_apart_in_c", every_length_around_a_block_is_told_apart,
		  NULL, NULL, &in_c },
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
