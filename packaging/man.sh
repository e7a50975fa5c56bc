#!/bin/sh
# Manual pages and completion scripts, from the program itself, to where a package keeps them.
#
#   packaging/man.sh target/release/modulatio debian/modulatio/usr
#
# Nothing of this is kept with the sources. The pages are compressed without name and time, so that two builds of one
# version give the same bytes. The scripts call the program by its name, wherever it is found on the PATH then.
set -eu

program=$(realpath "$1")
share=$2/share

pages=$share/man/man1
mkdir -p "$pages"
"$program" man "$pages" >/dev/null
gzip -9nf "$pages"/modulatio*.1

# As users call it: scripts remember the way they were asked for.
named=$(mktemp -d)
trap 'rm -rf "$named"' EXIT
ln -s "$program" "$named/modulatio"
completions() {
    mkdir -p "$share/$2"
    PATH=$named:$PATH modulatio completions "$1" >"$share/$2/$3"
}
completions bash bash-completion/completions modulatio
completions zsh zsh/site-functions _modulatio
completions fish fish/vendor_completions.d modulatio.fish
