/* The journal says it all; nothing is asked of AWS where it is empty. */
#include "cleanup_cloud.h"

#include "cloud_fault.h"
#include "credentials.h"
#include "sandbox.h"

static int mend(const struct cli *cli, const struct cloud *written, const char *region,
		struct err *err)
{
	struct credentials credentials = { 0 };
	const struct credentials_asked asked = { .region = region };
	struct cloud cloud = *written;
	struct aws aws;
	size_t count;
	int status = credentials_find(&credentials, &asked, cli->arena, err);

	if (status == 0) {
		credentials_to_aws(&credentials, &aws);
		cloud.aws = &aws;
		status = cloud_mend(&cloud, &count, err);
		fprintf(cli->result, "%s: %zu fault%s of the cloud undone\n", cloud.lab, count,
			count == 1 ? "" : "s");
		if (status < 0) {
			err_in(err, "the cloud still has a fault of %s", cloud.lab);
			err->kind = ERR_LEFTOVER;
		}
	}
	credentials_close(&credentials);
	return status;
}

static int look(const struct cli *cli, struct sandbox *sandbox, struct err *err)
{
	struct cloud cloud = { .folder = sandbox->folder, .arena = cli->arena };

	if (sandbox_lock(sandbox, cli->arena, err) < 0 ||
	    sandbox_read(sandbox, cli->arena, err) < 0 || cloud_journal_read(&cloud, err) < 0)
		return -1;
	cloud.lab = sandbox->name;
	return sandbox->is_there && cloud.count > 0 ? mend(cli, &cloud, sandbox->region, err) : 0;
}

int cleanup_cloud(const struct cli *cli, struct err *err)
{
	struct sandbox sandbox;
	struct cloud cloud = { .arena = cli->arena };
	int status;

	if (sandbox_find(&sandbox, cli->arena, err) < 0)
		return -1;
	cloud.folder = sandbox.folder;
	if (!sandbox.is_there)
		return 0;
	if (cloud_journal_read(&cloud, err) < 0)
		return -1;
	if (cloud.count == 0)
		return 0;
	if (cli->is_dry_run) {
		fprintf(cli->result, "%s: %zu fault%s of the cloud would be undone\n", sandbox.name,
			cloud.count, cloud.count == 1 ? "" : "s");
		return 0;
	}
	status = look(cli, &sandbox, err);
	sandbox_close(&sandbox);
	return status;
}
