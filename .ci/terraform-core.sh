#!/usr/bin/env bash
# Lets Terraform itself validate and plan what is written of whole tenants, with stand-ins for the providers: they have the
# real providers' schemas, answer from a file instead of Azure, and compare as the azapi provider does.
#
# Needs Terraform, Go, and the shared data beside the repository; where one is missing it is left out. The stand-ins are kept
# under ${ATG_CACHE:-$HOME/.cache/atg} by what they are made of.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for tool in terraform go; do
  if ! command -v "$tool" >/dev/null; then
    echo "left out: this machine has no $tool" >&2
    exit 0
  fi
done
if ! [ -d "${ATG_SHARED:-../shared}/data/schemas" ]; then
  echo "left out: the providers' schemas are not there" >&2
  exit 0
fi

cache=${ATG_CACHE:-$HOME/.cache/atg}
made_of=$(cat .ci/terraform-core/*.go .ci/terraform-core/go.* | sha256sum | cut -c1-16)
providers=$cache/terraform-core-$made_of
if ! [ -e "$providers/complete" ]; then
  rm -rf "$providers"
  mkdir -p "$providers"
  (cd .ci/terraform-core && go build -o "$providers/terraform-provider-azapi" .)
  for name in azuread azurerm; do
    ln -s terraform-provider-azapi "$providers/terraform-provider-$name"
  done
  touch "$providers/complete"
fi
ATG_TEST_TERRAFORM_PROVIDERS=$providers cargo test --locked -p atg-iac --lib -- --ignored terraform::tests::core
