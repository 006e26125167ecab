/* A diagnosis in words: each sentence with the packets and events it was read from. */
#include "diagnose.h"

#include "buf.h"

enum {
	EVIDENCE_MAX = 5 * RULE_FACTS
};

static const char *fact_says(enum fact fact, const struct facts *facts)
{
	const struct fact_value *value = &facts->at[fact];
	if (value->says)
		return value->says;
	return value->truth == YES ? fact_row(fact)->yes : fact_row(fact)->no;
}

/* {port} and {server} in commands and advice. */
static const char *filled(const char *text, const struct view *view)
{
	char address[ADDR_TEXT] = "SERVER";
	struct arena *arena = view->trace->arena;
	struct buf out = { 0 };
	if (view->has_server)
		addr_ip_text(&view->server, address);
	for (const char *at = text; *at;) {
		if (starts_with(at, "{port}")) {
			if (view->has_server)
				buf_printf(&out, "%u", view->server.port);
			else
				buf_str(&out, "PORT");
			at += strlen("{port}");
		} else if (starts_with(at, "{server}")) {
			buf_str(&out, address);
			at += strlen("{server}");
		} else {
			buf_char(&out, *at++);
		}
	}
	const char *copy = arena_dup(arena, out.data ? out.data : "");
	buf_close(&out);
	return copy;
}

/* Facts that repeat what another one says with its own source. */
static bool is_summary(enum fact fact)
{
	return fact == FACT_ESTABLISHED || fact == FACT_REFUSED || fact == FACT_TIMED_OUT ||
	       fact == FACT_UNREACHABLE || fact == FACT_REACHED;
}

static void cite(struct evidence *list, size_t *count, const enum fact *fact, enum truth truth,
		 const struct facts *facts)
{
	for (size_t i = 0; i < RULE_FACTS && fact[i] != FACT_NONE; i++) {
		const struct fact_value *value = &facts->at[fact[i]];
		bool is_cited = false;
		for (size_t k = 0; k < *count; k++)
			is_cited |= streq(list[k].fact, fact_row(fact[i])->id);
		if (is_summary(fact[i]) || value->truth != truth || !value->nsource || is_cited)
			continue;
		struct evidence *evidence = &list[(*count)++];
		*evidence = (struct evidence){
			.witness = fact_row(fact[i])->witness,
			.fact = fact_row(fact[i])->id,
			.says = fact_says(fact[i], facts),
			.nsource = value->nsource,
		};
		memcpy(evidence->source, value->source, sizeof evidence->source);
	}
}

static bool is_same_source(const struct source *a, const struct source *b)
{
	return a->kind == b->kind && a->first == b->first && a->last == b->last &&
	       (a->file == b->file || (a->file && b->file && streq(a->file, b->file)));
}

static bool has_source(const struct source *list, size_t count, const struct source *one)
{
	for (size_t i = 0; i < count; i++)
		if (is_same_source(&list[i], one))
			return true;
	return false;
}

/* True when another packet proof cites all of this one's packets and more: one line says both. */
static bool is_told_by_another(const struct evidence *list, size_t count, size_t which)
{
	const struct evidence *one = &list[which];
	for (size_t i = 0; i < count; i++) {
		size_t common = 0;
		for (size_t k = 0; k < one->nsource; k++)
			common += has_source(list[i].source, list[i].nsource, &one->source[k]);
		if (i != which && one->witness == WITNESS_WIRE && common == one->nsource &&
		    list[i].nsource > one->nsource)
			return true;
	}
	return false;
}

static void evidence_tell(struct finding *finding, const struct rule *rule,
			  const struct facts *facts, struct arena *arena)
{
	struct evidence list[EVIDENCE_MAX];
	size_t count = 0;
	cite(list, &count, rule->must, YES, facts);
	cite(list, &count, rule->need, YES, facts);
	cite(list, &count, rule->deny, NO, facts);
	cite(list, &count, rule->ask, YES, facts);
	cite(list, &count, rule->also, YES, facts);
	struct evidence *sorted = arena_array(arena, count ? count : 1, sizeof *sorted);
	for (int witness = WITNESS_APPLICATION; witness <= WITNESS_CLOUD; witness++)
		for (size_t i = 0; i < count; i++)
			if ((int)list[i].witness == witness && !is_told_by_another(list, count, i))
				sorted[finding->nevidence++] = list[i];
	finding->evidence = sorted;
}

static bool is_family(const struct rule *a, const struct rule *b)
{
	size_t len = strcspn(a->id, ".");
	return strncmp(a->id, b->id, len + 1) == 0;
}

/* The look-alikes: the same family, another cause, and something seen that speaks against it. */
static void ruled_out_tell(struct finding *finding, const struct rule *rule,
			   const struct facts *facts, struct arena *arena)
{
	struct ruled_out *list = arena_array(arena, rules_count, sizeof *list);
	for (size_t r = 0; r < rules_count; r++) {
		enum fact against[2];
		const struct rule *other = &rules[r];
		if (other == rule || !is_family(other, rule) || other->most == UNDECIDED)
			continue;
		size_t count = rule_against(other, facts, against, COUNT(against));
		if (!count)
			continue;
		struct ruled_out *out = &list[finding->nruled_out++];
		out->code = other->id;
		out->says = fact_says(against[0], facts);
		for (size_t i = 0; i < count; i++) {
			const struct fact_value *value = &facts->at[against[i]];
			size_t had = out->nsource;
			for (size_t k = 0; k < value->nsource && out->nsource < SOURCES; k++)
				if (!has_source(out->source, out->nsource, &value->source[k]))
					out->source[out->nsource++] = value->source[k];
			if (i > 0 && out->nsource > had) /* it says more than the first */
				out->says = arena_printf(arena, "%s; %s", out->says,
							 fact_says(against[i], facts));
		}
	}
	finding->ruled_out = list;
}

static void lack(struct finding *finding, struct missing *list, const enum fact *fact,
		 const struct facts *facts, const struct view *view)
{
	struct arena *arena = view->trace->arena;
	for (size_t i = 0; i < RULE_FACTS && fact[i] != FACT_NONE; i++) {
		const struct fact_value *value = &facts->at[fact[i]];
		const struct fact_row *row =
		    fact_row(value->lack == FACT_NONE ? fact[i] : value->lack);
		bool is_told = is_summary(fact[i]) || value->truth != UNSEEN;
		for (size_t k = 0; k < finding->nmissing; k++)
			is_told |= starts_with(list[k].what, row->missing);
		if (is_told)
			continue;
		list[finding->nmissing++] = (struct missing){
			.witness = row->witness,
			.what = value->says
				    ? arena_printf(arena, "%s (%s)", row->missing, value->says)
				    : row->missing,
			.fetch = filled(row->fetch, view),
		};
	}
}

void finding_tell(struct finding *finding, const struct diagnosis *diagnosis,
		  const struct facts *facts, const struct view *view)
{
	const struct rule *rule = diagnosis->rule;
	struct arena *arena = view->trace->arena;
	struct missing *missing = arena_array(arena, EVIDENCE_MAX, sizeof *missing);
	const char **next = arena_array(arena, RULE_NEXT, sizeof *next);
	*finding = (struct finding){
		.code = rule->id,
		.says = rule->says,
		.confidence = diagnosis->confidence,
		.missing = missing,
		.next = next,
	};
	evidence_tell(finding, rule, facts, arena);
	ruled_out_tell(finding, rule, facts, arena);
	lack(finding, missing, rule->need, facts, view);
	lack(finding, missing, rule->deny, facts, view);
	lack(finding, missing, rule->ask, facts, view);
	while (finding->nnext < RULE_NEXT && rule->next[finding->nnext]) {
		next[finding->nnext] = filled(rule->next[finding->nnext], view);
		finding->nnext++;
	}
}
