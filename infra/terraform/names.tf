# Every name and address of the lab, known before anything is made.
locals {
  name           = "${var.prefix}-${var.lab_id}"
  public_subnet  = cidrsubnet(var.vpc_cidr, 8, 0)
  private_subnet = cidrsubnet(var.vpc_cidr, 8, 1)
  clients        = [for i in range(var.client_count) : "client-${i + 1}"]
  addresses = merge(
    { server = cidrhost(local.private_subnet, 10) },
    { for i, client in local.clients : client => cidrhost(local.public_subnet, 21 + i) },
  )
  # SSH reaches the server through it; the network ACL for faults lets it alone.
  jump          = "client-1"
  instance_type = coalesce(var.instance_type, var.architecture == "arm64" ? "t4g.micro" : "t3.micro")
}
