/* Features by their names: their numbers change from kernel to kernel. */
#include "offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

enum {
	NAMES = 32 * OFFLOAD_WORDS
};

/* A name, or how a group of names begins. */
static const char *const wanted[] = {
	"tx-tcp",         /* -segmentation, tcp6-segmentation and so on: TSO */
	"tx-generic-seg", /* GSO */
	"rx-gro",         /* GRO; also by a card, a list, for UDP */
	"tx-checksum-",   /* ip-generic, ipv4 and so on */
	"rx-checksum",
};

/* Of linux/ethtool.h, with room for what follows there. */
struct counts { /* ethtool_sset_info */
	uint32_t command, reserved;
	uint64_t sets;
	uint32_t count;
};
struct names { /* ethtool_gstrings */
	uint32_t command, set, count;
	char name[NAMES][ETH_GSTRING_LEN];
};
struct changes { /* ethtool_sfeatures */
	uint32_t command, nword;
	struct ethtool_set_features_block word[OFFLOAD_WORDS];
};

static int ask(const char *iface, void *what, struct err *err)
{
	struct ifreq request = { .ifr_data = what };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "socket");
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", iface);
	int status = ioctl(fd, SIOCETHTOOL, &request);
	if (status < 0)
		err_sys(err, "%s: offloads", iface);
	close(fd);
	return status < 0 ? -1 : 0; /* above 0: not every one of them was to be had */
}

/* How many features there are: the kernel writes that many names. */
static int count_names(uint32_t *count, struct err *err)
{
	struct counts counts = { .command = ETHTOOL_GSSET_INFO, .sets = 1U << ETH_SS_FEATURES };

	if (ask("lo", &counts, err) < 0)
		return -1;
	if (counts.sets == 0 || counts.count > NAMES)
		return err_set(err, ERR_CANNOT, "lo: the kernel tells no list of offloads");
	*count = counts.count;
	return 0;
}

int offload_find(struct offloads *found, struct err *err)
{
	struct names names = { .command = ETHTOOL_GSTRINGS, .set = ETH_SS_FEATURES };
	uint32_t count = 0;

	*found = (struct offloads){ 0 };
	if (count_names(&count, err) < 0 || ask("lo", &names, err) < 0)
		return -1;
	found->nword = (count + 31) / 32;
	for (uint32_t i = 0; i < count; i++) {
		for (size_t j = 0; j < COUNT(wanted); j++) {
			if (strncmp(names.name[i], wanted[j], strlen(wanted[j])) == 0)
				found->bit[i / 32] |= 1U << i % 32;
		}
	}
	return 0;
}

int offload_off(const struct offloads *offloads, const char *iface, struct err *err)
{
	struct changes changes = { .command = ETHTOOL_SFEATURES, .nword = offloads->nword };

	for (uint32_t i = 0; i < offloads->nword; i++)
		changes.word[i].valid = offloads->bit[i];
	return ask(iface, &changes, err);
}
