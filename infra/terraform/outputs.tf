output "lab" {
  description = "What lab reads: docs/inventory.md."
  value = {
    schema   = "lab.terraform/1"
    version  = "1.0.0"
    id       = local.name
    user     = var.user
    identity = var.identity
    region   = var.region
    zone     = var.dns_zone
    bucket   = one(aws_s3_bucket.captures[*].id)
    hosts = [for name in concat(["server"], local.clients) : {
      name            = name
      role            = name == "server" ? "server" : "client"
      made            = true
      address         = name == "server" ? local.addresses[name] : aws_instance.host[name].public_ip
      lab_address     = local.addresses[name]
      jump            = name == "server" ? local.jump : null
      instance_id     = aws_instance.host[name].id
      interface_id    = aws_instance.host[name].primary_network_interface_id
      subnet_id       = aws_instance.host[name].subnet_id
      private_address = local.addresses[name]
      public_address  = name == "server" ? null : aws_instance.host[name].public_ip
      dns_name        = "${name}.${var.dns_zone}"
      architecture    = var.architecture
    }]
  }
}
