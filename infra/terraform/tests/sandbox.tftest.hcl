# What the plan must hold, without any cloud: `terraform test`.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b"] }
  }
  mock_data "aws_ssm_parameter" {
    defaults = { value = "ami-0123456789abcdef0" }
  }
}

variables {
  lab_id          = "7f3a"
  controller_cidr = "198.51.100.7/32"
  public_key      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJRE/anu7ZEWLbwON3ywx2/7Hy4ILjfNM2FyH2RK5xig lab"
  expires_at      = "2026-01-31T18:00:00Z"
}

run "hosts_have_fixed_addresses_and_names" {
  assert {
    condition     = [for host in output.lab.hosts : host.name] == ["server", "client-1", "client-2", "client-3"]
    error_message = "one server and three clients"
  }
  assert {
    condition     = [for host in output.lab.hosts : host.lab_address] == ["10.0.1.10", "10.0.0.21", "10.0.0.22", "10.0.0.23"]
    error_message = "addresses that are known before anything is made"
  }
  assert {
    condition     = { for name, record in aws_route53_record.host : record.name => one(record.records) }["client-2.lab.internal"] == "10.0.0.22"
    error_message = "a record for each host"
  }
  assert {
    condition     = output.lab.hosts[0].jump == "client-1" && output.lab.hosts[0].public_address == null
    error_message = "the server is private and reached through a client"
  }
  assert {
    condition     = output.lab.schema == "lab.terraform/1" && output.lab.id == "lab-7f3a" && output.lab.bucket == null
    error_message = "what the controller reads"
  }
}

run "hosts_are_closed_and_expire" {
  assert {
    condition = alltrue([for host in aws_instance.host :
      host.metadata_options[0].http_tokens == "required" &&
      host.root_block_device[0].encrypted &&
    host.instance_initiated_shutdown_behavior == "terminate"])
    error_message = "IMDSv2, an encrypted volume, gone when it is off"
  }
  assert {
    condition = alltrue([for host in aws_instance.host :
      strcontains(host.user_data, "OnCalendar=2026-01-31 18:00:00 UTC\n") &&
      strcontains(host.user_data, "Persistent=true\n") &&
    strcontains(host.user_data, "systemctl enable --now lab-expire.timer")])
    error_message = "a timer with an absolute time that survives a reboot"
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.ssh[*] : rule.cidr_ipv4] == ["198.51.100.7/32"]
    error_message = "SSH from the controller alone"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.jump : rule.cidr_ipv4 == "10.0.0.21/32"])
    error_message = "the server's SSH from the jump host alone"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.open : rule.cidr_ipv4 == "10.0.0.0/16"])
    error_message = "the application inside the VPC alone"
  }
  assert {
    condition     = aws_vpc_dhcp_options.lab.domain_name == aws_route53_zone.lab.name
    error_message = "hosts look for names in the zone"
  }
  assert {
    condition     = aws_instance.host["server"].associate_public_ip_address == false
    error_message = "the server has no public address"
  }
}

run "names_come_from_the_id" {
  variables {
    lab_id = "beef0001"
    prefix = "course"
    bucket = true
  }
  assert {
    condition     = aws_s3_bucket.captures[0].bucket == "course-beef0001-captures" && aws_iam_role.lab.name == "course-beef0001"
    error_message = "a name of the id for what lies outside the VPC"
  }
  assert {
    condition     = aws_security_group.closed.name == "course-beef0001-closed"
    error_message = "and inside"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.captures[0].restrict_public_buckets && aws_s3_bucket.captures[0].force_destroy
    error_message = "the bucket is private and goes with the lab"
  }
}

run "two_hundred_clients_on_graviton" {
  command = plan
  variables {
    client_count = 200
    architecture = "arm64"
  }
  assert {
    condition     = length(aws_instance.host) == 201 && aws_instance.host["client-200"].private_ip == "10.0.0.220"
    error_message = "200 clients in one subnet"
  }
  assert {
    condition     = alltrue([for host in aws_instance.host : host.instance_type == "t4g.micro"])
    error_message = "a type of the architecture"
  }
}

run "a_service_on_another_port" {
  variables {
    application_port = 8080
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.open : rule.from_port]) == toset([-1, 8080])
    error_message = "the port of the variable"
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.open : rule.to_port]) == toset([-1, 8081])
    error_message = "and the next, where a client is refused and not dropped"
  }
}

# The faults' own things: both let SSH through, or nobody could undo them.
run "faults_leave_ssh" {
  assert {
    condition     = [for key, rule in aws_vpc_security_group_ingress_rule.jump : key if rule.from_port == 22] == ["closed", "server"]
    error_message = "the closed group lets SSH in"
  }
  assert {
    condition     = length([for rule in aws_network_acl.no_return.egress : rule if rule.action == "deny" && rule.rule_no == 200]) == 1
    error_message = "one rule that drops what returns"
  }
  assert {
    condition     = length([for rule in aws_network_acl.no_return.egress : rule if rule.action == "allow" && rule.rule_no == 100 && rule.cidr_block == "10.0.0.21/32"]) == 1
    error_message = "but not to the jump host"
  }
  assert {
    condition     = aws_route53_record.service.ttl == 5
    error_message = "a name that is soon forgotten"
  }
}

run "the_world_is_not_let_in" {
  command = plan
  variables {
    controller_cidr = "0.0.0.0/0"
  }
  expect_failures = [var.controller_cidr]
}

run "half_of_it_neither" {
  command = plan
  variables {
    controller_cidr = "128.0.0.0/1"
  }
  expect_failures = [var.controller_cidr]
}

run "an_rsa_key_is_refused" {
  command = plan
  variables {
    public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 lab"
  }
  expect_failures = [var.public_key]
}

run "a_time_without_a_zone_is_refused" {
  command = plan
  variables {
    expires_at = "2026-01-31 18:00"
  }
  expect_failures = [var.expires_at]
}

run "numbers_have_bounds" {
  command = plan
  variables {
    client_count     = 201
    application_port = 22
    architecture     = "riscv64"
    dns_zone         = "lab.internal."
    vpc_cidr         = "10.0.0.0/24"
    prefix           = "Lab"
    lab_id           = "x"
  }
  expect_failures = [var.client_count, var.application_port, var.architecture, var.dns_zone,
  var.vpc_cidr, var.prefix, var.lab_id]
}
