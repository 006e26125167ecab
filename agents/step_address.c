/* HOST address add|del ADDRESS/LEN: an address of a device. What goes with one that is deleted
 * comes back with it: the routes by its device, and those that name it. */
#include <linux/capability.h>
#include <linux/if_addr.h>

#include "change.h"
#include "device.h"
#include "neighbour.h"
#include "route_kept.h"
#include "route_message.h"
#include "step.h"
#include "util.h"

static const struct param params[] = {
	{ .name = "action",
	  .kind = PARAM_CHOICE,
	  .is_positional = true,
	  .is_required = true,
	  .choices = "add del",
	  .text = "what is done with it" },
	{ .name = "address",
	  .kind = PARAM_WORD,
	  .is_positional = true,
	  .is_required = true,
	  .text = "ADDRESS/LEN, such as 10.0.0.9/32" },
	{ .name = "dev",
	  .kind = PARAM_WORD,
	  .text = "the device; when absent that of the host's first address" },
	{ 0 },
};

struct finding {
	const struct prefix *prefix; /* with the address itself */
	unsigned index;
	struct rtnet found;
	size_t others; /* addresses of the device, */
	size_t mates;  /* and those that the kernel deletes with it */
};

static bool take_address(const struct rtnet *row, struct prefix *prefix, struct ifaddrmsg *head)
{
	size_t len;
	const void *data;

	memcpy(head, row->bytes, sizeof *head);
	data = rtnet_find(row, sizeof *head, IFA_LOCAL, &len);
	if (data == NULL)
		data = rtnet_find(row, sizeof *head, IFA_ADDRESS, &len);
	if (data == NULL || len > sizeof prefix->addr.ip)
		return false;
	*prefix = (struct prefix){ .addr.family = head->ifa_family == AF_INET6 ? 6 : 4,
				   .len = head->ifa_prefixlen };
	memcpy(prefix->addr.ip, data, len);
	return true;
}

static void find_row(void *context, const struct rtnet *row)
{
	struct finding *finding = context;
	struct ifaddrmsg head;
	struct prefix prefix;

	if (!take_address(row, &prefix, &head) || head.ifa_index != finding->index)
		return;
	if (prefix.len == finding->prefix->len &&
	    addr_same_ip(&prefix.addr, &finding->prefix->addr)) {
		finding->found = *row;
		return;
	}
	finding->others++;
	if (prefix.len == finding->prefix->len && (head.ifa_flags & IFA_F_SECONDARY) != 0 &&
	    prefix.addr.family == 4 && prefix_covers(finding->prefix, &prefix.addr))
		finding->mates++;
}

static int find(struct finding *finding, struct err *err)
{
	finding->found.len = finding->mates = finding->others = 0;
	return rtnet_addresses(finding->prefix->addr.family, find_row, finding, err);
}

static bool is_secondary(const struct rtnet *address)
{
	struct ifaddrmsg head;

	memcpy(&head, address->bytes, sizeof head);
	return (head.ifa_flags & IFA_F_SECONDARY) != 0;
}

/* ADDRESS/LEN@DEV, "there" or "none" as it shall be, the message of the one that was, routes. */
static int words_write(struct change_plan *plan, const struct finding *finding, bool is_add,
		       const char *name, struct err *err)
{
	struct buf words = { 0 };
	int status = 0;

	buf_printf(&words, "%s\t%s\t", name, is_add ? "there" : "none");
	rtnet_add(&words, &finding->found);
	if (!is_add)
		status = routes_with(&words, &finding->prefix->addr, finding->index, true, err) < 0
			     ? err_in(err, "address")
			     : 0;
	if (status == 0 && words.len >= sizeof plan->words)
		status = err_set(err, ERR_CANNOT,
				 "address: more routes go with %s than can be put back", name);
	if (status == 0)
		snprintf(plan->words, sizeof plan->words, "%s", words.data);
	buf_close(&words);
	return status;
}

static int device_find(const struct change_place *place, const char *dev, char name[IFNAMSIZ],
		       struct err *err)
{
	if (dev == NULL)
		return device_of(place->address, name, err);
	if (strlen(dev) >= IFNAMSIZ || dev[strcspn(dev, " \t\n")] != '\0' ||
	    if_nametoindex(dev) == 0)
		return err_set(err, ERR_CANNOT, "address: no device %.40s here", dev);
	snprintf(name, IFNAMSIZ, "%s", dev);
	return 0;
}

/* Its prefix is a route: to be there, or to go. */
static int spare(const struct change_place *place, const struct finding *finding, bool is_add,
		 struct err *err)
{
	if (!is_add && finding->mates > 0 && !is_secondary(&finding->found))
		return err_set(err, ERR_CANNOT,
			       "address: refused: the kernel may delete %zu others with it",
			       finding->mates);
	if (place->spared == NULL || (!is_add && is_secondary(&finding->found)))
		return 0;
	return way_spare(finding->prefix, &place->spared->client, &place->spared->server, "address",
			 err);
}

/* Here or at the undoing of an add, the device's last one takes more with it than routes. */
static int keep_neighbours(const struct finding *finding, const char *dev, struct err *err)
{
	int count = finding->prefix->addr.family == 4 && finding->others == 0
			? neighbour_set(finding->index, err)
			: 0;

	if (count <= 0)
		return count;
	return err_set(err, ERR_CANNOT,
		       "address: refused: with its last address %s would lose %d neighbours that "
		       "somebody has set (ip neigh)",
		       dev, count);
}

static int plan(struct change_plan *plan, const struct change_place *place,
		const struct event *request, struct err *err)
{
	const char *text = request_text(request, "address", "");
	bool is_add = streq(request_text(request, "action", ""), "add");
	char dev[IFNAMSIZ], name[ADDR_TEXT + 4 + IFNAMSIZ + 1], prefix_name[ADDR_TEXT + 4];
	struct prefix prefix;
	struct finding finding = { .prefix = &prefix };

	if (strchr(text, '/') == NULL || prefix_parse(&prefix, text) < 0 || prefix.len == 0)
		return err_set(err, ERR_USAGE, "address: %.80s is not ADDRESS/LEN", text);
	if (device_find(place, request_text(request, "dev", NULL), dev, err) < 0)
		return -1;
	if (place->spared != NULL && addr_same_ip(&prefix.addr, &place->spared->server))
		return err_set(err, ERR_CANNOT,
			       "address: refused: %.60s is this end of the controller's own "
			       "connection",
			       text);
	finding.index = if_nametoindex(dev);
	if (find(&finding, err) < 0)
		return -1;
	if (is_add == (finding.found.len > 0))
		return err_set(err, ERR_BROKE, "address: %.60s is %s %s", text,
			       is_add ? "there already, on" : "not on", dev);
	if (spare(place, &finding, is_add, err) < 0 || keep_neighbours(&finding, dev, err) < 0)
		return -1;
	snprintf(name, sizeof name, "%s@%s", prefix_text(&prefix, prefix_name), dev);
	snprintf(plan->asked, sizeof plan->asked, "%s %s dev %s", is_add ? "add" : "del",
		 prefix_name, dev);
	snprintf(plan->was, sizeof plan->was, "%s", is_add ? "none" : "there");
	return words_write(plan, &finding, is_add, name, err);
}

struct address_words {
	char name[ADDR_TEXT + 4 + IFNAMSIZ + 1];
	bool is_add, has_device;
	struct prefix prefix;
	struct finding finding; /* as it is now */
	struct rtnet was;
	const char *routes;
};

static int words_take(struct address_words *address, const char *words, struct err *err)
{
	char shall[8], was[2 * RTNET_BYTES + 1], text[ADDR_TEXT + 4];
	const char *at;

	if (!change_word(&words, address->name, sizeof address->name) ||
	    !change_word(&words, shall, sizeof shall) || !change_word(&words, was, sizeof was) ||
	    rtnet_take(&address->was, was) < 0 || (at = strchr(address->name, '@')) == NULL ||
	    (size_t)(at - address->name) >= sizeof text)
		return err_set(err, ERR_BROKE, "address: the journal's line is damaged");
	snprintf(text, sizeof text, "%.*s", (int)(at - address->name), address->name);
	if (prefix_parse(&address->prefix, text) < 0)
		return err_set(err, ERR_BROKE, "address: the journal's line is damaged");
	address->is_add = streq(shall, "there");
	address->routes = words;
	address->finding =
	    (struct finding){ .prefix = &address->prefix, .index = if_nametoindex(at + 1) };
	address->has_device = address->finding.index != 0;
	return address->has_device ? find(&address->finding, err) : 0;
}

static int add(const struct address_words *address, struct err *err)
{
	const bool is_6 = address->prefix.addr.family == 6;
	const struct ifaddrmsg head = {
		.ifa_family = is_6 ? AF_INET6 : AF_INET,
		.ifa_prefixlen = (unsigned char)address->prefix.len,
		.ifa_flags = is_6 ? IFA_F_NODAD : 0,
		.ifa_index = address->finding.index,
	};
	struct rtnet message;

	rtnet_begin(&message, &head, sizeof head);
	rtnet_attr(&message, IFA_LOCAL, address->prefix.addr.ip, is_6 ? 16 : 4);
	rtnet_attr(&message, IFA_ADDRESS, address->prefix.addr.ip, is_6 ? 16 : 4);
	return rtnet_do(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, err);
}

static int make(const char *words, const struct change_place *place, char proof[CHANGE_TEXT],
		struct err *err)
{
	struct way before = { 0 }, after = { 0 };
	struct address_words address;
	struct err ignored = { 0 };

	if (place->spared != NULL)
		(void)way_to(&before, &place->spared->client, &ignored);
	if (words_take(&address, words, err) < 0)
		return -1;
	if ((address.is_add ? add(&address, err)
			    : rtnet_do(RTM_DELADDR, 0, &address.finding.found, err)) < 0)
		return err_in(err, "address %s", address.name);
	if (find(&address.finding, err) < 0)
		return -1;
	if (address.is_add != (address.finding.found.len > 0))
		return err_set(err, ERR_BROKE, "address: %s is %s all the same", address.name,
			       address.is_add ? "not there" : "there");
	snprintf(proof, CHANGE_TEXT, "%s: %s", address.name, address.is_add ? "there" : "none");
	if (place->spared != NULL)
		(void)way_to(&after, &place->spared->client, &ignored);
	return streq(before.text, after.text)
		   ? 0
		   : err_set(err, ERR_CANNOT,
			     "address: taken back: the controller's own connection went %s, and "
			     "then %s",
			     before.text, after.text);
}

/* Where it is the last of its device, all routes by that go with it: those of others come back. */
static int take_away(const struct address_words *address, struct err *err)
{
	struct buf routes = { 0 };
	struct err ignored = { 0 };
	int status =
	    routes_with(&routes, &address->prefix.addr, address->finding.index, false, err);

	if (status == 0)
		status = rtnet_do(RTM_DELADDR, 0, &address->finding.found, err);
	/* What was built upon the address cannot come back. */
	if (status == 0 && routes.len > 0)
		(void)routes_restore(routes.data, address->prefix.addr.family, &ignored);
	buf_close(&routes);
	return status;
}

/* With one flag more, in both places where the kernel may look for it. */
static struct rtnet with_flag(const struct rtnet *address, uint32_t flag)
{
	struct rtnet message = *address;
	struct ifaddrmsg head;
	uint32_t flags;
	size_t len;
	const char *data = rtnet_find(&message, sizeof head, IFA_FLAGS, &len);

	memcpy(&head, message.bytes, sizeof head);
	head.ifa_flags |= (uint8_t)flag;
	memcpy(message.bytes, &head, sizeof head);
	if (data != NULL && len == sizeof flags) {
		memcpy(&flags, data, sizeof flags);
		flags |= flag;
		memcpy(message.bytes + (data - message.bytes), &flags, sizeof flags);
	}
	return message;
}

/* One of IPv6 could not be used while the kernel asks whether somebody else has it: a second. It
 * was ours a moment ago, so that is left out, and its own flags are set behind it. */
static int put_back(const struct address_words *address, struct err *err)
{
	const unsigned anew = NLM_F_CREATE | NLM_F_EXCL;
	struct rtnet now;

	if (address->prefix.addr.family != 6 || address->was.len < sizeof(struct ifaddrmsg))
		return rtnet_do(RTM_NEWADDR, anew, &address->was, err);
	now = with_flag(&address->was, IFA_F_NODAD);
	if (rtnet_do(RTM_NEWADDR, anew, &now, err) < 0)
		return -1;
	return rtnet_do(RTM_NEWADDR, NLM_F_REPLACE, &address->was, err);
}

/* There is no third state, so nobody else's change is met. */
static int undo(const char *words, char proof[CHANGE_TEXT], struct err *err)
{
	struct address_words address;
	bool is_there;
	int count = 0, status = 0;

	if (words_take(&address, words, err) < 0)
		return -1;
	snprintf(proof, CHANGE_TEXT, "%s: %s", address.name, address.is_add ? "none" : "there");
	if (!address.has_device)
		return CHANGE_GONE;
	is_there = address.finding.found.len > 0;
	if (address.is_add && is_there)
		status = take_away(&address, err);
	else if (!address.is_add && !is_there)
		status = put_back(&address, err);
	if (status == 0 && !address.is_add)
		count = routes_restore(address.routes, address.prefix.addr.family, err);
	if (status < 0 || count < 0)
		return err_in(err, "address %s", address.name);
	return is_there == address.is_add || count > 0 ? CHANGE_UNDONE : CHANGE_GONE;
}

/* Of an address and of routes the time goes by. */
static bool is_same(const char *words, const char *again)
{
	struct address_words one, other;
	struct err ignored = { 0 };

	if (words_take(&one, words, &ignored) < 0 || words_take(&other, again, &ignored) < 0)
		return false;
	return streq(one.name, other.name) && one.is_add == other.is_add &&
	       one.was.len == other.was.len &&
	       rtnet_same(&one.was, &other.was, sizeof(struct ifaddrmsg), IFA_CACHEINFO, 0) &&
	       routes_same(one.routes, other.routes);
}

static const struct change change_address = {
	.what = "address", .plan = plan, .make = make, .undo = undo, .is_same = is_same
};

const struct step_kind step_address = {
	.name = "address",
	.text = "add an address to a device, or take one from it",
	.subject = SUBJECT_HOST,
	.params = params,
	.flags = STEP_FAULT,
	.results = RESULT_OK,
	.needs = NEED_CHANGES,
	.capabilities = UINT64_C(1) << CAP_NET_ADMIN,
	.change = &change_address,
};
