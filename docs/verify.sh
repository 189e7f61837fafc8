#!/bin/sh
# Verifies a certified corpus without Assay: POSIX sh, awk, sed, find, sort, comm, base64, sha256sum and OpenSSL 3.
#
#   sh verify.sh DIR PUBKEY... [-n SIGNATURES] [-r REVOCATIONS] [-p PURPOSE]
#
# Exit code 0: everything below holds. 1: it does not, and why is printed. 2: wrong usage, or a key that is none.
# docs/verify.md says in plain words what each step shows, and what a shell cannot check.
set -u
LC_ALL=C
export LC_ALL
umask 077

ATTESTATION_TYPE='application/vnd.in-toto+json'
LIST_TYPE='application/vnd.assay.revocations+json'
HALF_ORDER='7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8' # half the order of P-256
LIMIT=16777216

refuse() { printf 'verify.sh: %s\n' "$*" >&2; exit 1; }
misused() { printf 'verify.sh: %s\n' "$*" >&2; exit 2; }

# add_key FILE: keeps a trusted public key under its id, the SHA-256 of its DER form.
add_key() {
    [ -f "$1" ] || misused "$1: no such public key"
    inside=$(cd -P -- "$(dirname -- "$1")" && pwd -P) || misused "$1: no such folder"
    case "$inside/" in "$real"/*) misused "$1: lies inside the folder it would verify; take it from elsewhere" ;; esac
    [ "$(grep -c -e '-----BEGIN ' -- "$1")" = 1 ] || misused "$1: not one public key in PEM"
    openssl pkey -pubin -in "$1" -out "$work/key.pem" 2>/dev/null || misused "$1: not a public key"
    text=$(sed '/^-----/d' "$work/key.pem" | tr -d '\n')
    case "${#text} $text" in
        '60 MCowBQYDK2VwAyEA'*) kind=ed25519 ;;
        '124 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE'*) kind=p256 ;;
        *) misused "$1: neither an Ed25519 nor a P-256 key in the standard encoding" ;;
    esac
    id=$(printf '%s' "$text" | base64 -d | sha256sum)
    id=${id%% *}
    mv "$work/key.pem" "$work/keys/$id.pem"
    printf '%s\n' "$kind" >"$work/keys/$id.kind"
}

# decode TEXT FILE: writes the bytes of standard base64; fails unless encoding them again gives the same text.
decode() {
    [ -n "$1" ] || return 1
    printf '%s' "$1" | base64 -d >"$2" 2>/dev/null || return 1
    [ "$(base64 <"$2" | tr -d '\n')" = "$1" ]
}

# low_s FILE: a P-256 signature whose s is at most half the order; the other one verifies alike, so it is not taken.
low_s() {
    openssl asn1parse -inform DER -in "$1" 2>/dev/null | awk -v half="$HALF_ORDER" '
        { value = $0; sub(/^.*:/, "", value) }
        END {
            if (NR != 3 || value !~ /^[0-9A-F]+$/ || length(value) > 64) exit 1
            while (length(value) < 64) value = "0" value
            exit (("x" value) <= ("x" half)) ? 0 : 1
        }'
}

# open_envelope FILE TYPE: the payload lands in $work/payload, the number of signatures in $signed. Every signature in
# the file must be by a trusted key, and the file must be, byte for byte, what its own parts give when put together.
open_envelope() {
    [ ! -L "$1" ] || refuse "$1: linked"
    [ -f "$1" ] || refuse "$1: missing"
    [ "$(wc -c <"$1")" -le "$LIMIT" ] || refuse "$1: too large"
    cp -- "$1" "$work/envelope" || refuse "$1: cannot be read"
    { cat "$work/envelope"; echo; } >"$work/line"
    payload=$(sed -n 's|^{"payload":"\([A-Za-z0-9+/]*=\{0,2\}\)","payloadType":".*$|\1|p' "$work/line" | head -n 1)
    sed -n 's|^.*"signatures":\[\(.*\)\]}$|\1|p' "$work/line" | sed 's/},{/}\
{/g' | sed -n 's|^{"keyid":"sha256:\([0-9a-f]\{64\}\)","sig":"\([A-Za-z0-9+/]*=\{0,2\}\)"}$|\1 \2|p' >"$work/signatures"
    {
        printf '{"payload":"%s","payloadType":"%s","signatures":[' "$payload" "$2"
        comma=
        while read -r id signature; do
            printf '%s{"keyid":"sha256:%s","sig":"%s"}' "$comma" "$id" "$signature"
            comma=,
        done <"$work/signatures"
        printf ']}'
    } >"$work/again"
    cmp -s "$work/envelope" "$work/again" || refuse "$1: not a canonical envelope of $2, so it was altered"
    decode "$payload" "$work/payload" || refuse "$1: the payload is not canonical base64"
    signed=$(wc -l <"$work/signatures")
    [ "$signed" -ge 1 ] || refuse "$1: no signature"
    cut -d ' ' -f 1 "$work/signatures" | sort -c -u 2>/dev/null || refuse "$1: signatures twice by one key, or not sorted"
    { printf 'DSSEv1 %d %s %d ' "${#2}" "$2" "$(wc -c <"$work/payload")"; cat "$work/payload"; } >"$work/signed-bytes"
    while read -r id signature; do
        [ -f "$work/keys/$id.pem" ] || refuse "$1: signed by key sha256:$id, which is not trusted"
        decode "$signature" "$work/signature" || refuse "$1: a signature is not canonical base64"
        key=$work/keys/$id.pem
        if [ "$(cat "$work/keys/$id.kind")" = ed25519 ]; then
            openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed-bytes" -sigfile "$work/signature" \
                >/dev/null 2>&1 || refuse "$1: the signature by key sha256:$id does not verify"
        else
            low_s "$work/signature" || refuse "$1: the signature by key sha256:$id is malformed"
            openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/signed-bytes" \
                >/dev/null 2>&1 || refuse "$1: the signature by key sha256:$id does not verify"
        fi
    done <"$work/signatures" || exit 1
}

# is_time TEXT: YYYY-MM-DDThh:mm:ssZ, on a day that exists.
is_time() {
    printf '%s\n' "$1" | awk '
        !/^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z$/ { exit 1 }
        {
            year = substr($0, 1, 4) + 0; month = substr($0, 6, 2) + 0; day = substr($0, 9, 2) + 0
            split("31 28 31 30 31 30 31 31 30 31 30 31", days, " ")
            if (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) days[2] = 29
            good = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month]
            good = good && substr($0, 12, 2) + 0 < 24 && substr($0, 15, 2) + 0 < 60 && substr($0, 18, 2) + 0 < 60
            exit good ? 0 : 1
        }'
}

# in_order EARLIER LATER: both in the form of is_time, or the same.
in_order() { printf '%s\n%s\n' "$1" "$2" | sort -c 2>/dev/null; }

# read_statement: the six things the statement says, taken out of it, put together again and compared with it.
read_statement() {
    { cat "$work/payload"; echo; } >"$work/line"
    sed -n 's|^{"_type":"https://in-toto.io/Statement/v1","predicate":{"certificate":"sha256:\([0-9a-f]\{64\}\)","issued":"\([0-9TZ:-]*\)","not_after":\([0-9TZ:"nul-]*\),"purpose":\(\[[a-z",]*\]\),"signatures_required":\([1-9][0-9]*\)},"predicateType":"urn:assay:certified-corpus:v1","subject":\[{"digest":{"sha256":"\([0-9a-f]\{64\}\)"},"name":"SHA256SUMS"}\]}$|\1 \2 \3 \4 \5 \6|p' \
        "$work/line" >"$work/said"
    read -r certificate issued not_after purposes required subject <"$work/said" ||
        refuse "$attestation: not a statement about a certified corpus, in canonical form"
    printf '{"_type":"https://in-toto.io/Statement/v1","predicate":{"certificate":"sha256:%s","issued":"%s","not_after":%s,"purpose":%s,"signatures_required":%s},"predicateType":"urn:assay:certified-corpus:v1","subject":[{"digest":{"sha256":"%s"},"name":"SHA256SUMS"}]}' \
        "$certificate" "$issued" "$not_after" "$purposes" "$required" "$subject" >"$work/again"
    cmp -s "$work/payload" "$work/again" || refuse "$attestation: the statement is not in canonical form"
    [ "${#required}" -le 4 ] || refuse "$attestation: more signatures required than there can be"
    case "$purposes" in
        '[]' | '["train"]' | '["evaluate"]' | '["train","evaluate"]' | '["evaluate","train"]') ;;
        *) refuse "$attestation: an unknown purpose" ;;
    esac
}

check_times() {
    now=$(date -u '+%Y-%m-%dT%H:%M:%SZ')
    is_time "$issued" || refuse "$attestation: the date of issue is not RFC 3339 in UTC"
    in_order "$issued" "$now" || refuse "$attestation: issued in the future, $issued"
    [ "$not_after" = null ] && return
    end=${not_after#\"}
    end=${end%\"}
    [ "\"$end\"" = "$not_after" ] && is_time "$end" || refuse "$attestation: the end date is not RFC 3339 in UTC"
    in_order "$now" "$end" || refuse "$attestation: expired at $end"
}

check_revoked() {
    open_envelope "$list" "$LIST_TYPE"
    form='^{"entries":\[.*\],"format_version":1,"kind":"assay-revocations"}$'
    [ "$(grep -c -e "$form" "$work/payload")" = 1 ] || refuse "$list: not a revocation list of version 1"
    grep -q -F -e "\"certificate\":\"sha256:$certificate\"" -e "\"manifest\":\"$subject\"" "$work/payload" &&
        refuse "$dir: revoked, see $list"
}

# check_list: SHA256SUMS is the one that was signed, and has one line for each path, sorted, none leaving the folder.
check_list() {
    [ ! -L "$dir/SHA256SUMS" ] || refuse "$dir/SHA256SUMS: linked"
    [ -f "$dir/SHA256SUMS" ] || refuse "$dir/SHA256SUMS: missing"
    cp -- "$dir/SHA256SUMS" "$work/sums" || refuse "$dir/SHA256SUMS: cannot be read"
    sum=$(sha256sum <"$work/sums")
    [ "${sum%% *}" = "$subject" ] || refuse "$dir/SHA256SUMS: changed, it does not match the attestation"
    part='[A-Za-z0-9._+@=,][A-Za-z0-9._+@=,-]*'
    lines=$(wc -l <"$work/sums")
    [ "$lines" -ge 1 ] && [ "$(tail -c 1 "$work/sums" | wc -l)" = 1 ] &&
        [ "$(grep -c -E "^[0-9a-f]{64}  $part(/$part)*\$" "$work/sums")" = "$lines" ] ||
        refuse "$dir/SHA256SUMS: a line is not 64 hexadecimal digits, two spaces and a plain path"
    sed 's/^.\{66\}//' "$work/sums" >"$work/names"
    ! grep -q -E -e '(^|/)\.\.?(/|$)' -e '^(SHA256SUMS|attestation\.json)$' "$work/names" ||
        refuse "$dir/SHA256SUMS: a path that a list of checksums may not hold"
    sort -c -u "$work/names" 2>/dev/null || refuse "$dir/SHA256SUMS: paths are not sorted, or one stands twice"
}

# check_files: nothing linked, nothing besides, nothing missing, nothing changed.
check_files() {
    (cd -- "$dir" && find . ! -type f ! -type d) >"$work/odd" || refuse "$dir: cannot be listed"
    [ ! -s "$work/odd" ] || refuse "$dir: linked, or no plain file: $(tr '\n' ' ' <"$work/odd")"
    (cd -- "$dir" && find . \( -name '*[!A-Za-z0-9._+@=,-]*' -o -name '-*' \)) >"$work/odd" || refuse "$dir: cannot be listed"
    [ ! -s "$work/odd" ] || refuse "$dir: extra, with an unusable name: $(tr '\n' ' ' <"$work/odd")"
    (cd -- "$dir" && find . -type f) | sed 's|^\./||' | sort >"$work/files"
    (cd -- "$dir" && find . -type d) | sed -n 's|^\./||p' | sort >"$work/folders"
    { cat "$work/names"; printf 'SHA256SUMS\nattestation.json\n'; } | sort >"$work/wanted-files"
    awk '{ while (sub(/\/[^\/]*$/, "")) print }' "$work/names" | sort -u >"$work/wanted-folders"
    bad=
    for name in $(comm -23 "$work/files" "$work/wanted-files") $(comm -23 "$work/folders" "$work/wanted-folders"); do
        printf 'verify.sh: %s/%s: extra\n' "$dir" "$name" >&2
        bad=yes
    done
    for name in $(comm -13 "$work/files" "$work/wanted-files"); do
        printf 'verify.sh: %s/%s: missing\n' "$dir" "$name" >&2
        bad=yes
    done
    [ -z "$bad" ] || exit 1
    (cd -- "$dir" && sha256sum -c --strict --quiet "$work/sums") >"$work/changed" 2>/dev/null ||
        refuse "$dir: changed: $(sed 's/: FAILED.*$//' "$work/changed" | tr '\n' ' ')"
}

# check_certificate: it is the one that was signed, says the same as the statement, and names exactly the Parquet files.
check_certificate() {
    file=$dir/certificate.json
    grep -q -x -F -e "$certificate  certificate.json" "$work/sums" || refuse "$file: not the certificate that was signed"
    grep -q -F -e "\"purpose\":{\"allowed\":$purposes,\"intended_use\":\"" "$file" &&
        grep -q -F -e "\"signatures_required\":$required,\"sources\":[" "$file" ||
        refuse "$file: says another purpose or number of signatures than the attestation"
    grep -q -F -e '"format_version":1,"issuer":' "$file" || refuse "$file: not a certificate of version 1"
    tr '{}[],' '\n\n\n\n\n' <"$file" | sed -n 's|^"path":"\([a-z][a-z0-9-]*/part-[0-9]\{5\}\.parquet\)"$|\1|p' | sort >"$work/shards"
    grep -e '\.parquet$' "$work/names" >"$work/parquet"
    cmp -s "$work/shards" "$work/parquet" || refuse "$file: does not name exactly the Parquet files of the folder"
    ! grep -q -v -E -e '^(documents|held-out)/' "$work/shards" || refuse "$file: names shards outside documents and held-out"
}

[ "$#" -ge 2 ] || misused "usage: sh verify.sh DIR PUBKEY... [-n SIGNATURES] [-r REVOCATIONS] [-p PURPOSE]"
dir=$1
shift
case "$dir" in -*) dir=./$dir ;; esac
[ -d "$dir" ] || misused "$dir: no such folder"
real=$(cd -P -- "$dir" && pwd -P) || misused "$dir: cannot be opened"
work=$(mktemp -d) || misused "no temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
mkdir "$work/keys"
asked=1 list='' purpose='' keys=0
while [ "$#" -gt 0 ]; do
    case "$1" in
        -n | -r | -p) [ "$#" -ge 2 ] || misused "$1 needs a value" ;;
    esac
    case "$1" in
        -n) asked=$2; shift 2 ;;
        -r) list=$2; shift 2 ;;
        -p) purpose=$2; shift 2 ;;
        -*) misused "$1: no such option; write ./$1 for a file" ;;
        *) add_key "$1"; keys=$((keys + 1)); shift ;;
    esac
done
case "$asked" in '' | *[!0-9]* | 0* | ?????*) misused "-n $asked: not a whole number from 1" ;; esac
[ "$keys" -ge 1 ] || misused "no trusted public key"

attestation=$dir/attestation.json
[ -e "$attestation" ] || [ -L "$attestation" ] || refuse "$attestation: missing, so this is an unsigned draft"
open_envelope "$attestation" "$ATTESTATION_TYPE"
read_statement
[ "$required" -ge "$asked" ] || required_here=$asked
[ "$signed" -ge "${required_here:-$required}" ] ||
    refuse "$attestation: signed by $signed of the ${required_here:-$required} keys required"
signers=$(cut -d ' ' -f 1 "$work/signatures")
check_times
[ -z "$list" ] || check_revoked
case "$purpose" in
    '') ;;
    *) case "$purposes" in *"\"$purpose\""*) ;; *) refuse "$dir: certified for $purposes, not for $purpose" ;; esac ;;
esac
check_list
check_files
check_certificate

printf '%s: verified\ncertificate sha256:%s\nissued %s, not after %s, for %s\n' "$dir" "$certificate" "$issued" "$not_after" "$purposes"
for id in $signers; do printf 'signed by sha256:%s\n' "$id"; done
