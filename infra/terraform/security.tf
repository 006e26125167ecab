# A group for each role, and two things that wait for a fault: a group that is closed, and a network
# ACL that lets nothing return.

resource "aws_security_group" "server" {
  name        = "${local.name}-server"
  description = "lab: the server"
  vpc_id      = aws_vpc.lab.id
  tags        = { Name = "${local.name}-server" }
}

resource "aws_security_group" "client" {
  name        = "${local.name}-client"
  description = "lab: the clients"
  vpc_id      = aws_vpc.lab.id
  tags        = { Name = "${local.name}-client" }
}

# In place of the server's own: SSH stays, or nobody could look. Everything else is dropped.
resource "aws_security_group" "closed" {
  name        = "${local.name}-closed"
  description = "lab: in place of the server's own group, new connections time out"
  vpc_id      = aws_vpc.lab.id
  tags        = { Name = "${local.name}-closed" }
}

# The application's port, and the next: there nobody listens, which a client is to hear from the host
# (scenario refused-wrong-port).
locals {
  open = {
    for rule in setproduct(["server", "client"], ["icmp", "tcp", "udp"]) :
    join("-", rule) => {
      group    = rule[0]
      protocol = rule[1]
      first    = rule[1] == "icmp" ? -1 : var.application_port
      last     = rule[1] == "icmp" ? -1 : var.application_port + 1
    }
  }
  groups = {
    server = aws_security_group.server.id
    client = aws_security_group.client.id
    closed = aws_security_group.closed.id
  }
}

resource "aws_vpc_security_group_ingress_rule" "open" {
  for_each          = local.open
  security_group_id = local.groups[each.value.group]
  description       = "${each.value.protocol} inside the VPC"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = each.value.protocol
  from_port         = each.value.first
  to_port           = each.value.last
  tags              = { Name = "${local.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  security_group_id = aws_security_group.client.id
  description       = "SSH from the controller"
  cidr_ipv4         = var.controller_cidr
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  tags              = { Name = "${local.name}-ssh" }
}

resource "aws_vpc_security_group_ingress_rule" "jump" {
  for_each          = toset(["server", "closed"])
  security_group_id = local.groups[each.key]
  description       = "SSH through ${local.jump}"
  cidr_ipv4         = "${local.addresses[local.jump]}/32"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  tags              = { Name = "${local.name}-jump-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "all" {
  for_each          = local.groups
  security_group_id = each.value
  description       = "everything out"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
  tags              = { Name = "${local.name}-out-${each.key}" }
}

# What comes in is let in, what goes back is not: but for the jump host, or SSH would end too.
resource "aws_network_acl" "no_return" {
  vpc_id = aws_vpc.lab.id
  tags   = { Name = "${local.name}-no-return" }

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "${local.addresses[local.jump]}/32"
    from_port  = 0
    to_port    = 0
  }
  egress {
    rule_no    = 200
    action     = "deny"
    protocol   = "tcp"
    cidr_block = var.vpc_cidr
    from_port  = 1024
    to_port    = 65535
  }
  egress {
    rule_no    = 300
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}
