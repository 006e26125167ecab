/* lab plan: what a run would do, step by step; nothing is touched. */
#include "bind.h"
#include "cli.h"
#include "host.h"
#include "plan.h"
#include "wrap.h"

int cmd_plan(const struct cli *cli, struct err *err)
{
	struct complaints complaints = { .arena = cli->arena };
	struct scenario_options options = { .nset = cli->set.count,
					    .set = cli->set.at,
					    .engine = cli->engine };
	struct bind_asked asked;
	struct scenario scenario;
	struct plan plan;
	struct buf out = { 0 };
	const char *path;

	/* Nothing is probed here, so that the plan is the same anywhere: auto is what it prefers.
	 */
	options.backend = streq(cli->backend, "auto") ? "netns" : cli->backend;
	bind_ask(&options, &asked, cli);
	if (scenario_find(cli->arg[0], &path, cli->arena, err) < 0)
		return -1;
	if (scenario_load(&scenario, path, &options, cli->arena, &complaints, err) < 0) {
		if (complaints.count == 0)
			return -1;
		cli_complain(cli, &complaints);
		return ERR_USAGE;
	}
	if (plan_make(&plan, &scenario, options.backend, cli->arena, err) < 0)
		return -1;
	if (!cli->is_json) {
		struct wrapped wrapped;
		plan_text(wrap_begin(&wrapped, cli->result, cli->style.is_plain), &plan);
		wrap_end(&wrapped);
		return 0;
	}
	plan_json(&out, &plan);
	fwrite(out.data, 1, out.len, cli->result);
	buf_close(&out);
	return 0;
}
