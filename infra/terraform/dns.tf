# Applications ask by name: server.lab.internal.
resource "aws_route53_zone" "lab" {
  name          = var.dns_zone
  comment       = local.name
  force_destroy = true # a fault may have left a record behind
  vpc {
    vpc_id = aws_vpc.lab.id
  }
  tags = { Name = local.name }
}

# Hosts look for `server` in the zone, so that a name without a dot is one of DNS, as anywhere.
resource "aws_vpc_dhcp_options" "lab" {
  domain_name         = var.dns_zone
  domain_name_servers = ["AmazonProvidedDNS"]
  tags                = { Name = local.name }
}

resource "aws_vpc_dhcp_options_association" "lab" {
  vpc_id          = aws_vpc.lab.id
  dhcp_options_id = aws_vpc_dhcp_options.lab.id
}

resource "aws_route53_record" "host" {
  for_each = local.addresses
  zone_id  = aws_route53_zone.lab.zone_id
  name     = "${each.key}.${var.dns_zone}"
  type     = "A"
  ttl      = 60
  records  = [each.value]
}

# The server again, under a name that faults of DNS change: nobody remembers it for long.
resource "aws_route53_record" "service" {
  zone_id = aws_route53_zone.lab.zone_id
  name    = "service.${var.dns_zone}"
  type    = "A"
  ttl     = 5
  records = [local.addresses.server]
}
