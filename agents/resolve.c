/* Literal, hosts, DNS: the first that knows the name answers. */
#include "resolve.h"

#include <fcntl.h>
#include <strings.h>

#include "clock.h"
#include "dns.h"
#include "file.h"
#include "parse.h"

enum {
	FILE_MAX_LEN = 1 << 20,
	SERVERS = 3,
	SEARCHES = 6,
	NAME_LEN = 256,
	DNS_PORT = 53,
	TRY_S = 5, /* as resolv.conf(5) says, and its greatest values */
	TRY_S_MAX = 30,
	TRIES = 2,
	TRIES_MAX = 5,
};

struct conf {
	struct addr server[SERVERS];
	size_t nserver;
	char search[SEARCHES][NAME_LEN];
	size_t nsearch;
	struct dns_patience patience;
};

/* The next blank-separated word of *at before `end` or a comment; 0: none. */
static size_t next_word(const char **at, const char *end, const char **word)
{
	const char *p = *at;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	*word = p;
	while (p < end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '#')
		p++;
	*at = p < end && *p == '#' ? end : p;
	return (size_t)(p - *word);
}

static const char *line_end(const char *at)
{
	const char *end = strchr(at, '\n');

	return end != NULL ? end : at + strlen(at);
}

static bool word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && strncasecmp(word, text, len) == 0;
}

/* A word as an address with port 0; -1: none. */
static int word_address(struct addr *out, const char *word, size_t len)
{
	char text[ADDR_TEXT];

	if (len >= sizeof text)
		return -1;
	memcpy(text, word, len);
	text[len] = '\0';
	return addr_parse(out, text, 0);
}

/* Is name among the words from *at to the end of its line? */
static bool line_names(const char **at, const char *end, const char *name)
{
	const char *word;

	for (size_t len; (len = next_word(at, end, &word)) > 0;)
		if (word_is(word, len, name))
			return true;
	return false;
}

/* The first IPv4 line that has the name, else the first IPv6 one. */
int resolve_hosts(struct addr *out, const char *text, const char *name)
{
	bool has_v6 = false;

	for (const char *at = text; *at != '\0';) {
		const char *end = line_end(at), *word;
		size_t len = next_word(&at, end, &word);
		struct addr addr;

		if (len > 0 && word_address(&addr, word, len) == 0 && line_names(&at, end, name)) {
			if (addr.family == 4 || !has_v6)
				*out = addr;
			if (addr.family == 4)
				return 0;
			has_v6 = true;
		}
		at = *end == '\n' ? end + 1 : end;
	}
	return has_v6 ? 0 : -1;
}

/* "NAME:NUMBER" at least 1, at most `most`; any other word changes nothing. */
static bool word_option(const char *word, size_t len, const char *name, int64_t most, int64_t *out)
{
	size_t skip = strlen(name);
	char number[16];

	if (len <= skip || len - skip >= sizeof number || strncmp(word, name, skip) != 0)
		return false;
	memcpy(number, word + skip, len - skip);
	number[len - skip] = '\0';
	if (parse_int(number, 1, INT32_MAX, out) < 0)
		return false;
	if (*out > most)
		*out = most;
	return true;
}

static void read_options(struct conf *conf, const char *at, const char *end)
{
	const char *word;
	int64_t number;

	for (size_t len; (len = next_word(&at, end, &word)) > 0;)
		if (word_option(word, len, "timeout:", TRY_S_MAX, &number))
			conf->patience.try_ms = (int)number * 1000;
		else if (word_option(word, len, "attempts:", TRIES_MAX, &number))
			conf->patience.tries = (int)number;
}

static void read_conf(struct conf *conf, const char *text, uint16_t port)
{
	*conf = (struct conf){ .patience = { .try_ms = TRY_S * 1000, .tries = TRIES } };
	for (const char *at = text; *at != '\0';) {
		const char *end = line_end(at), *word;
		size_t len = next_word(&at, end, &word);
		struct addr *server = &conf->server[conf->nserver];

		if (word_is(word, len, "nameserver") && conf->nserver < SERVERS) {
			len = next_word(&at, end, &word);
			if (word_address(server, word, len) == 0) {
				server->port = port;
				conf->nserver++;
			}
		} else if (word_is(word, len, "search") || word_is(word, len, "domain")) {
			conf->nsearch = 0; /* the last line wins, resolv.conf(5) */
			while ((len = next_word(&at, end, &word)) > 0 && conf->nsearch < SEARCHES)
				if (len < NAME_LEN)
					snprintf(conf->search[conf->nsearch++], NAME_LEN, "%.*s",
						 (int)len, word);
		} else if (word_is(word, len, "options")) {
			read_options(conf, at, end);
		}
		at = *end == '\n' ? end + 1 : end;
	}
}

/* One full name at all servers: the first that says yes or no decides. */
static enum dns_reply ask_servers(struct addr *out, const struct conf *conf, const char *name,
				  int64_t deadline_ns, struct err *err)
{
	enum dns_reply rc = DNS_FAILED;

	err_set(err, ERR_BROKE, "no server answered");
	for (size_t i = 0; i < conf->nserver; i++) {
		char text[ADDR_TEXT];

		rc = dns_ask(out, &conf->server[i], name, &conf->patience, deadline_ns, err);
		addr_ip_text(&conf->server[i], text);
		if (rc == DNS_ADDRESS)
			return rc;
		if (rc == DNS_NO_NAME || rc == DNS_NO_DATA) {
			err_set(err, ERR_BROKE, "%s says: %s", text,
				rc == DNS_NO_NAME ? "no such name"
						  : "the name has no IPv4 address");
			return rc;
		}
		err_in(err, "%s", text);
	}
	return rc;
}

static int ask_dns(struct resolved *out, const char *name, const struct resolver *resolver,
		   struct err *err)
{
	const char *path = resolver->conf_path != NULL ? resolver->conf_path : "/etc/resolv.conf";
	struct buf text = { 0 };
	struct conf conf;
	enum dns_reply rc = DNS_NO_NAME;
	char full[2 * NAME_LEN];

	out->by = "dns";
	if (file_read(AT_FDCWD, path, FILE_MAX_LEN, &text, err) < 0)
		buf_clear(&text);
	read_conf(&conf, text.data != NULL ? text.data : "",
		  resolver->dns_port != 0 ? resolver->dns_port : DNS_PORT);
	buf_close(&text);
	if (conf.nserver == 0)
		return err_set(err, ERR_BROKE, "not in the hosts file, and %s names no server",
			       path);
	for (size_t i = 0; strchr(name, '.') == NULL && i < conf.nsearch; i++) {
		snprintf(full, sizeof full, "%s.%s", name, conf.search[i]);
		rc = ask_servers(&out->addr, &conf, full, resolver->deadline_ns, err);
		if (rc == DNS_ADDRESS)
			return 0;
	}
	rc = ask_servers(&out->addr, &conf, name, resolver->deadline_ns, err);
	return rc == DNS_ADDRESS ? 0 : -1;
}

static int look_up(struct resolved *out, const char *name, const struct resolver *resolver,
		   struct err *err)
{
	const char *path = resolver->hosts_path != NULL ? resolver->hosts_path : "/etc/hosts";
	struct buf text = { 0 };
	int rc;

	out->by = "literal";
	if (addr_parse(&out->addr, name, 0) == 0)
		return 0;
	out->by = "plan";
	if (resolver->hosts != NULL && resolve_hosts(&out->addr, resolver->hosts, name) == 0)
		return 0;
	out->by = "hosts";
	rc = file_read(AT_FDCWD, path, FILE_MAX_LEN, &text, err);
	if (rc == 0 && text.data != NULL)
		rc = resolve_hosts(&out->addr, text.data, name);
	else
		rc = -1;
	buf_close(&text);
	if (rc == 0)
		return 0;
	return ask_dns(out, name, resolver, err);
}

int resolve_name(struct resolved *out, const char *name, const struct resolver *resolver,
		 struct err *err)
{
	int64_t start_ns = clock_mono_ns();
	int rc;

	*out = (struct resolved){ 0 };
	rc = look_up(out, name, resolver, err);
	if (rc < 0 && resolver->hosts_last != NULL &&
	    resolve_hosts(&out->addr, resolver->hosts_last, name) == 0) {
		out->by = "machines";
		rc = 0;
	}
	out->took_ns = clock_mono_ns() - start_ns;
	if (rc < 0)
		return err_in(err, "%.100s", name);
	return 0;
}

int resolve_split(const char *endpoint, char *name, size_t len, uint16_t *port)
{
	const char *colon = strrchr(endpoint, ':');
	size_t n = colon != NULL ? (size_t)(colon - endpoint) : 0;
	int64_t number;

	if (n == 0 || parse_int(colon + 1, 1, 65535, &number) < 0)
		return -1;
	if (endpoint[0] == '[') {
		if (n < 3 || endpoint[n - 1] != ']')
			return -1;
		endpoint++;
		n -= 2;
	}
	if (n >= len)
		return -1;
	memcpy(name, endpoint, n);
	name[n] = '\0';
	*port = (uint16_t)number;
	return 0;
}
