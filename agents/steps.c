/* The list of steps, in the order of `lab steps`, and look-ups in it. */
#include "step.h"

#include "util.h"

extern const struct step_kind step_tcp_serve, step_tcp_stop, step_tcp_connect, step_tcp_send;
extern const struct step_kind step_tcp_recv, step_tcp_close, step_sockets, step_counter;
extern const struct step_kind step_firewall, step_sysctl, step_route, step_address;
extern const struct step_kind step_cloud, step_heal, step_wait;

const struct step_kind *const step_kinds[] = {
	&step_tcp_serve, &step_tcp_stop,  &step_tcp_connect, &step_tcp_send,
	&step_tcp_recv,  &step_tcp_close, &step_sockets,     &step_counter,
	&step_firewall,  &step_sysctl,    &step_route,       &step_address,
	&step_cloud,     &step_heal,      &step_wait,        NULL,
};

static const char *const need_names[] = { "capture", "firewall", "counters", "ports",
					  "sysctl",  "tcpdump",  "changes" };

const struct step_kind *step_kind_find(const char *name)
{
	for (size_t i = 0; step_kinds[i] != NULL; i++)
		if (streq(step_kinds[i]->name, name))
			return step_kinds[i];
	return NULL;
}

const char *step_need_name(unsigned bit)
{
	for (size_t i = 0; i < COUNT(need_names); i++)
		if (bit == 1u << i)
			return need_names[i];
	return NULL;
}

unsigned step_need_bit(const char *name)
{
	for (size_t i = 0; i < COUNT(need_names); i++)
		if (streq(need_names[i], name))
			return 1u << i;
	return 0;
}
