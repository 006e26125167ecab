data "aws_ssm_parameter" "ami" {
  count = var.ami == null ? 1 : 0
  name  = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
}

resource "aws_key_pair" "lab" {
  key_name   = local.name
  public_key = trimspace(var.public_key)
  tags       = { Name = local.name }
}

resource "aws_instance" "host" {
  for_each      = local.addresses
  ami           = var.ami == null ? nonsensitive(data.aws_ssm_parameter.ami[0].value) : var.ami
  instance_type = local.instance_type
  key_name      = aws_key_pair.lab.key_name

  subnet_id                   = each.key == "server" ? aws_subnet.private.id : aws_subnet.public.id
  private_ip                  = each.value
  associate_public_ip_address = each.key != "server"
  vpc_security_group_ids      = [each.key == "server" ? aws_security_group.server.id : aws_security_group.client.id]
  iam_instance_profile        = aws_iam_instance_profile.lab.name

  # The hosts end by themselves, and what has ended costs nothing.
  instance_initiated_shutdown_behavior = "terminate"
  user_data = templatefile("${path.module}/user_data.sh.tftpl", {
    expires_at = var.expires_at
    hostname   = each.key
    zone       = var.dns_zone
  })

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted             = true
    volume_size           = 8
    volume_type           = "gp3"
    delete_on_termination = true
  }

  tags = {
    Name = "${local.name}-${each.key}"
    role = each.key == "server" ? "server" : "client"
  }

  # Tomorrow's image is no reason to make a host anew, nor is what it did when it was born.
  lifecycle {
    ignore_changes = [ami, user_data]
  }

  # What they need when they are born.
  depends_on = [aws_route.internet, aws_route_table_association.public,
    aws_route_table_association.private, aws_vpc_endpoint.s3,
  aws_vpc_dhcp_options_association.lab, aws_route53_record.host]
}
