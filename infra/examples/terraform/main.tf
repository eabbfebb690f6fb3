# Hands an access key to Terraform's `http` data source.
#
#   export TF_VAR_access_key=ak_…     # never in a .tf or .tfvars file
#   terraform init && terraform plan
#
# Terraform writes the headers of a data source to its state, in clear, also if the variable is sensitive. Use a key with few
# rights and a short life, and a state that is encrypted and that few people read.

terraform {
  required_version = ">= 1.5"
  required_providers {
    http = {
      source  = "hashicorp/http"
      version = "~> 3.4"
    }
  }
}

variable "access_keys_url" {
  type    = string
  default = "http://127.0.0.1:3000" # where `cargo dev` listens
}

variable "access_key" {
  type      = string
  sensitive = true
}

data "http" "whoami" {
  url = "${var.access_keys_url}/v1/whoami"
  request_headers = {
    accept       = "application/json"
    x-access-key = var.access_key
  }

  # The provider repeats the request after connection errors, 429 and 5xx.
  retry {
    attempts     = 4
    min_delay_ms = 1000
  }

  # Without this, a refusal would count as data.
  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = "The access key is refused: ${self.status_code} ${self.response_body}"
    }
  }
}

locals {
  caller    = jsondecode(data.http.whoami.response_body)
  days_left = coalesce(local.caller.expires_in_days, 36500) # null: the key never expires
}

# A warning, not an error: the plan goes on.
check "access_key_lasts" {
  assert {
    condition     = local.days_left >= 14
    error_message = "The access key ${local.caller.key_name} expires in ${local.days_left} days: create its successor."
  }
}

output "organization_id" {
  value = local.caller.organization_id
}

output "permissions" {
  value = local.caller.permissions
}
