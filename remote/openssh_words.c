/* An alias is left to ~/.ssh/config, but for what a stream of bytes needs. A target of an inventory
 * is told in full; so is its jump host, as a ProxyCommand: ssh -J would take no key for it. */
#include "openssh_words.h"

#include "buf.h"
#include "ssh_pin.h"
#include "transport.h"

struct words {
	struct arena *arena;
	const char **word;
	size_t count, cap;
	bool is_for_person;
};

/* NULL ends them. */
static void add(struct words *words, const char *word)
{
	words->word =
	    arena_grow(words->arena, words->word, words->count, &words->cap, sizeof *words->word);
	words->word[words->count++] = word;
}

static void add_option(struct words *words, const char *option)
{
	add(words, "-o");
	add(words, option);
}

/* Where a jump host is to lead to: tokens that ssh fills in itself. */
#define TO "[%h]:%p"

/* A percent sign begins a token of ssh's own. */
static const char *without_tokens(struct arena *arena, const char *text)
{
	struct buf out = { 0 };
	const char *kept;

	buf_str(&out, "");
	for (const char *at = text; *at; at++)
		buf_str(&out, *at == '%' ? "%%" : (const char[]){ *at, '\0' });
	kept = arena_dup(arena, out.data ? out.data : "");
	buf_close(&out);
	return kept;
}

static void add_common(struct words *words)
{
	/* A master of the user's is used, but none is left behind. Bytes, no banners. */
	static const char *const option[] = {
		"BatchMode=yes",      "ClearAllForwardings=yes", "ControlMaster=no",
		"RemoteCommand=none", "PermitLocalCommand=no",   "LogLevel=ERROR",
	};

	add(words, "-T");
	add(words, "-a");
	add(words, "-x");
	for (size_t i = 0; i < COUNT(option); i++)
		add_option(words, option[i]);
	add_option(words, arena_printf(words->arena, "ConnectTimeout=%d", PHASE_CONNECT_MS / 1000));
	add_option(words, "ServerAliveInterval=3");
	add_option(words, "ServerAliveCountMax=3");
}

static void add_known_hosts(struct words *words, const struct target *target)
{
	struct buf files = { 0 };

	buf_str(&files, "UserKnownHostsFile=");
	for (size_t i = 0; i < target->nknown_hosts; i++)
		buf_printf(&files, "%s\"%s\"", i ? " " : "",
			   without_tokens(words->arena, target->known_hosts[i]));
	if (target->nknown_hosts > 0)
		add_option(words, arena_dup(words->arena, files.data));
	buf_close(&files);
}

/* ssh takes another key of another type for new: it may accept none but the first. */
static int add_pins(struct words *words, const struct target *target, struct err *err)
{
	int has = ssh_pin_has(target, err);

	if (has < 0 || ssh_pin_ready(target, err) < 0)
		return -1;
	add_option(words, has ? "StrictHostKeyChecking=yes" : "StrictHostKeyChecking=accept-new");
	add_option(words, "HashKnownHosts=no");
	add_option(words, "CheckHostIP=no"); /* an address that another host had before */
	return 0;
}

/* All that the inventory says of it. */
static int add_target(struct words *words, const struct target *target, struct err *err)
{
	add(words, "-p");
	add(words, arena_printf(words->arena, "%d", target->port));
	if (target->user) {
		add(words, "-l");
		add(words, target->user);
	}
	for (size_t i = 0; i < target->nidentity; i++) {
		add(words, "-i");
		add(words, without_tokens(words->arena, target->identity[i]));
	}
	if (target->is_identity_only)
		add_option(words, "IdentitiesOnly=yes");
	if (target->agent_socket)
		add_option(words, arena_printf(words->arena, "IdentityAgent=\"%s\"",
					       without_tokens(words->arena, target->agent_socket)));
	add_known_hosts(words, target);
	if (target->host_key_name)
		add_option(words,
			   arena_printf(words->arena, "HostKeyAlias=%s", target->host_key_name));
	if (target->pins)
		return add_pins(words, target, err);
	if (!words->is_for_person) /* whom ssh may ask */
		add_option(words, "StrictHostKeyChecking=yes");
	return 0;
}

/* One line for the shell that ssh starts it with; NULL: a word of it holds what a shell reads. */
static const char *as_command(struct arena *arena, const char *const *word)
{
	struct buf line = { 0 };
	const char *kept = NULL;

	buf_str(&line, "ProxyCommand=");
	for (; *word && !(*word)[strcspn(*word, "'\\!`$\n\r")]; word++)
		buf_printf(&line, "'%s' ", streq(*word, TO) ? TO : without_tokens(arena, *word));
	if (!*word)
		kept = arena_dup(arena, line.data);
	buf_close(&line);
	return kept;
}

static bool is_jump_ours(const struct target *target)
{
	return target->jump && (!target->is_alias || target->is_jump_over);
}

/* Who it is and all that is known of it here. Of two ways ssh would take the first. */
static int add_host(struct words *words, const struct target *target, struct err *err)
{
	if (!target->is_alias && add_target(words, target, err) < 0)
		return -1;
	for (const char *const *over = target->over; over && *over; over++) {
		if (streq(*over, "-J") && over[1] && is_jump_ours(target))
			over++;
		else
			add(words, *over);
	}
	return 0;
}

static const char *host_of(const struct target *target)
{
	return target->is_alias ? target->name : target->address;
}

static int add_jump(struct words *words, const struct target *target, const char *path,
		    struct err *err)
{
	const struct target *jump = target->jump;
	struct words own = { .arena = words->arena };
	const char *line;

	if (jump->is_alias && !jump->over && !is_jump_ours(jump)) {
		add(words, "-J");
		add(words, jump->name);
		return 0;
	}
	if (is_jump_ours(jump))
		return err_set(err, ERR_CANNOT,
			       "%s: its jump host %s has one of its own; write the way into "
			       "~/.ssh/config (ProxyJump) and bind the alias",
			       target->name, jump->name);
	add(&own, path);
	add_common(&own);
	if (add_host(&own, jump, err) < 0)
		return -1;
	add(&own, "-W");
	add(&own, TO);
	add(&own, "--");
	add(&own, host_of(jump));
	add(&own, NULL);
	line = as_command(words->arena, own.word);
	if (!line)
		return err_set(err, ERR_CANNOT,
			       "%s: the jump host %s has a file name that no shell takes as it "
			       "stands; write it into ~/.ssh/config and bind the alias",
			       target->name, jump->name);
	add_option(words, line);
	return 0;
}

/* NULL: a word of its jump host cannot be said. */
static const char *const *add_way(struct words *words, const struct target *target,
				  const char *path, const char *command, struct err *err)
{
	if (add_host(words, target, err) < 0)
		return NULL;
	if (is_jump_ours(target) && add_jump(words, target, path, err) < 0)
		return NULL;
	add(words, "--");
	add(words, host_of(target));
	if (command)
		add(words, arena_dup(words->arena, command));
	add(words, NULL);
	return words->word;
}

const char *const *openssh_words(struct arena *arena, const struct target *target, const char *path,
				 const char *command, struct err *err)
{
	struct words words = { .arena = arena };

	add(&words, path);
	add_common(&words);
	if (target->is_alias && target->is_strict)
		add_option(&words, "StrictHostKeyChecking=yes");
	return add_way(&words, target, path, command, err);
}

const char *const *openssh_words_person(struct arena *arena, const struct target *target,
					const char *path, const char *command, bool with_terminal,
					struct err *err)
{
	struct words words = { .arena = arena, .is_for_person = true };

	add(&words, path);
	if (with_terminal)
		add(&words, "-t");
	return add_way(&words, target, path, command, err);
}
