# Four have no default: who may come in, with which key, under which name, and until when.

variable "lab_id" {
  description = "Of this lab alone: every name and tag is made of it (`prefix`-`lab_id`)."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9]{4,16}$", var.lab_id))
    error_message = "lab_id is 4 to 16 of a-z and 0-9."
  }
}

variable "controller_cidr" {
  description = "From where SSH is let in: the address that the controller has on the internet, as 198.51.100.7/32."
  type        = string
  validation {
    condition     = can(cidrnetmask(var.controller_cidr))
    error_message = "controller_cidr is an IPv4 network such as 198.51.100.7/32."
  }
  validation {
    condition     = try(tonumber(split("/", var.controller_cidr)[1]) >= 8, false)
    error_message = "controller_cidr lets in half the world: name the controller's own address, with /32."
  }
}

variable "public_key" {
  description = "The public half of an Ed25519 key, a line as in id_ed25519.pub. The private half stays with the controller."
  type        = string
  validation {
    condition     = can(regex("^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( [^\n]*)?$", trimspace(var.public_key)))
    error_message = "public_key is one line that starts with ssh-ed25519."
  }
}

variable "expires_at" {
  description = "When the hosts end by themselves, UTC, as 2026-01-31T18:00:00Z."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", var.expires_at)) && can(timeadd(var.expires_at, "0s"))
    error_message = "expires_at is a time in UTC such as 2026-01-31T18:00:00Z."
  }
}

variable "region" {
  description = "Where the lab is made."
  type        = string
  default     = "eu-central-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a name such as eu-central-1."
  }
}

variable "prefix" {
  description = "What the names of everything start with."
  type        = string
  default     = "lab"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.prefix))
    error_message = "prefix is up to 16 of a-z, 0-9 and -, a letter first."
  }
}

variable "client_count" {
  description = "How many clients: client-1, client-2, ..."
  type        = number
  default     = 3
  validation {
    condition     = var.client_count >= 1 && var.client_count <= 200 && floor(var.client_count) == var.client_count
    error_message = "client_count is a whole number from 1 to 200."
  }
}

variable "architecture" {
  description = "Of the hosts: x86_64, or arm64 (Graviton)."
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is x86_64 or arm64."
  }
}

variable "instance_type" {
  description = "Of the hosts; the smallest current one of the architecture when absent."
  type        = string
  default     = null
}

variable "ami" {
  description = "The image of the hosts; today's Amazon Linux 2023 when absent."
  type        = string
  default     = null
  validation {
    condition     = var.ami == null || can(regex("^ami-[0-9a-f]+$", var.ami))
    error_message = "ami is an id such as ami-0123456789abcdef0."
  }
}

variable "user" {
  description = "Who logs in on the hosts: the image says it."
  type        = string
  default     = "ec2-user"
}

variable "vpc_cidr" {
  description = "The lab's own network: a /16. Its first /24 is public, its second private."
  type        = string
  default     = "10.0.0.0/16"
  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && endswith(var.vpc_cidr, "/16")
    error_message = "vpc_cidr is an IPv4 network with /16."
  }
}

variable "application_port" {
  description = "Where the server serves: TCP and UDP, inside the VPC. The next port is let in too."
  type        = number
  default     = 1234
  validation {
    condition     = var.application_port >= 1 && var.application_port <= 65534 && !contains([21, 22], var.application_port)
    error_message = "application_port is 1 to 65534, and neither 21 nor 22: it and the next are let in, and 22 is that of SSH."
  }
}

variable "dns_zone" {
  description = "The private zone that server and client-N are names in."
  type        = string
  default     = "lab.internal"
  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.dns_zone))
    error_message = "dns_zone is a domain such as lab.internal, without a dot at its end."
  }
}

variable "bucket" {
  description = "A private bucket for captures. They come home over SSH: it is for those who share them."
  type        = bool
  default     = false
}

variable "identity" {
  description = "The file of the private key, with / or ~/ in front, for the controller; its usual keys when absent."
  type        = string
  default     = null
}
