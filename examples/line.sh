#!/usr/bin/env bash
# From a connected account to a captured authorization with curl alone. Every POST goes out in chunks, as Go's client sends
# it. Needs bash, curl and sed.
#
#     make sandbox                       # in another terminal
#     examples/line.sh                   # or: examples/line.sh http://127.0.0.1:12111
set -euo pipefail
base=${1:-http://127.0.0.1:12111}
key=${STRIPE_SECRET_KEY:-sk_test_line}
now=$(date +%s)

# post PATH NAME=VALUE…: the answer's JSON; as $account once there is one. An error is shown and ends it.
account=""
post() {
  local path=$1 fields=() field
  shift
  for field in "$@"; do fields+=(--data-urlencode "$field"); done
  curl --silent --show-error --fail-with-body --user "$key:" --header "Transfer-Encoding: chunked" \
    ${account:+--header "Stripe-Account: $account"} "${fields[@]}" "$base/v1/$path" || { echo "POST $path failed" >&2; exit 1; }
}
get() { curl --silent --show-error --fail-with-body --user "$key:" --header "Stripe-Account: $account" "$base/v1/$1"; }

# value NAME: that member of the outermost object, whose lines Stripe indents by two.
value() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p"; }

made=$(post accounts country=US business_type=company \
  "controller[stripe_dashboard][type]=none" "controller[fees][payer]=application" \
  "controller[losses][payments]=application" "controller[requirement_collection]=application" \
  "capabilities[card_issuing][requested]=true" "capabilities[transfers][requested]=true" \
  "business_profile[mcc]=4121" "business_profile[url]=https://accessible.stripe.com" \
  "business_profile[estimated_worker_count]=12" "business_profile[annual_revenue][amount]=25000000" \
  "business_profile[annual_revenue][currency]=usd" "business_profile[annual_revenue][fiscal_year_end]=2025-12-31" \
  "company[name]=Rocket Rides" "company[tax_id]=222222222" "company[phone]=0000000000" \
  "company[address][line1]=address_full_match" "company[address][city]=Austin" "company[address][state]=TX" \
  "company[address][postal_code]=78701" external_account=btok_us)
id=$(value id <<<"$made")
echo "$id: created"
post "accounts/$id/persons" first_name=Jane last_name=Austen email=jane@example.com phone=0000000000 \
  "dob[day]=1" "dob[month]=1" "dob[year]=1902" id_number=222222222 "address[line1]=address_full_match" \
  "address[city]=Austin" "address[state]=TX" "address[postal_code]=78701" "relationship[title]=CEO" \
  "relationship[representative]=true" "relationship[owner]=true" "relationship[percent_ownership]=100" >/dev/null
post "accounts/$id" "tos_acceptance[date]=$now" "tos_acceptance[ip]=203.0.113.7" \
  "settings[card_issuing][tos_acceptance][date]=$now" "settings[card_issuing][tos_acceptance][ip]=203.0.113.7" >/dev/null

account=$id
# until_it_is WANTED PATH: ask twice a second, at most a minute, until the status there is as wanted.
until_it_is() {
  for _ in $(seq 120); do
    status=$(get "$2" | value status)
    [ "$status" = "$1" ] && return
    sleep 0.5
  done
  echo "$2 is still $status" >&2
  exit 1
}
until_it_is active "accounts/$id/capabilities/card_issuing"
echo "card_issuing: active"

made=$(post issuing/cardholders "name=Jane Austen" phone_number=+15125550100 "billing[address][line1]=1 Main Street" \
  "billing[address][city]=Austin" "billing[address][state]=TX" "billing[address][postal_code]=78701" \
  "billing[address][country]=US" "individual[first_name]=Jane" "individual[last_name]=Austen" \
  "individual[card_issuing][user_terms_acceptance][date]=$now" \
  "individual[card_issuing][user_terms_acceptance][ip]=203.0.113.7")
made=$(post issuing/cards "cardholder=$(value id <<<"$made")" currency=usd type=virtual status=active)
card=$(value id <<<"$made")
echo "$card: $(value status <<<"$made"), ends in $(value last4 <<<"$made")"

made=$(post topups amount=100000 currency=usd destination_balance=issuing)
until_it_is succeeded "topups/$(value id <<<"$made")"
made=$(post test_helpers/issuing/authorizations "card=$card" amount=4200 "merchant_data[name]=Crumb and Co" \
  "merchant_data[category]=bakeries")
held=$(value id <<<"$made")
echo "$held: approved $(value approved <<<"$made")"
made=$(post "test_helpers/issuing/authorizations/$held/capture" capture_amount=4200)
echo "$held: $(value status <<<"$made"), captured"
