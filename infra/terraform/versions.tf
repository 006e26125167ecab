terraform {
  # 1.7: terraform test with mock_provider. No lock file is kept: one would hold one platform's hashes.
  required_version = ">= 1.7"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 6"
    }
  }
}

provider "aws" {
  region = var.region
  # A bucket in the path, not in the host name: also what an endpoint on this machine understands.
  s3_use_path_style = true

  # On all that is made. By these alone `lab down` and `lab cleanup` find it again.
  default_tags {
    tags = {
      "lab"         = local.name
      "lab-expires" = var.expires_at
    }
  }
}
