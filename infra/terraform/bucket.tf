# Optional: private, encrypted, and empty again after a week.
resource "aws_s3_bucket" "captures" {
  count         = var.bucket ? 1 : 0
  bucket        = "${local.name}-captures"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "captures" {
  count                   = var.bucket ? 1 : 0
  bucket                  = aws_s3_bucket.captures[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "captures" {
  count  = var.bucket ? 1 : 0
  bucket = aws_s3_bucket.captures[0].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "captures" {
  count  = var.bucket ? 1 : 0
  bucket = aws_s3_bucket.captures[0].id
  rule {
    id     = "expire"
    status = "Enabled"
    filter {}
    expiration {
      days = 7
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

# The hosts may write to it, and nothing else.
resource "aws_iam_role_policy" "captures" {
  count = var.bucket ? 1 : 0
  name  = "captures"
  role  = aws_iam_role.lab.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = "${aws_s3_bucket.captures[0].arn}/*"
    }]
  })
}
