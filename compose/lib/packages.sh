# shellcheck shell=bash
# System packages: says which are missing and why, and installs them when it may.
# Needs say.sh.

apt_lists_are_fresh=

# need_packages WHY PACKAGE...
need_packages() {
    local why=$1 package missing=()
    shift
    for package in "$@"; do
        package_is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return

    say "missing: ${missing[*]} ($why)"
    local install="apt-get install -y --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null || fail "this system has no apt-get" "install by its own means: ${missing[*]}"
    if ((EUID == 0)); then
        install_packages "${missing[@]}"
    elif may_use_sudo "$install"; then
        install_packages "${missing[@]}"
    else
        fail "cannot install packages as $(id -un)" "sudo $install"
    fi
}

# need_command COMMAND WHY PACKAGE...: like need_packages, but content with a COMMAND from anywhere.
need_command() {
    command -v "$1" >/dev/null || need_packages "${@:2}"
}

package_is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

may_use_sudo() {
    [[ -t 0 && -t 2 ]] && command -v sudo >/dev/null || return 1
    local answer
    read -r -p "run 'sudo $1'? [y/N] " answer
    [[ $answer == [yY]* ]]
}

install_packages() {
    local root=() begin=$EPOCHREALTIME
    ((EUID == 0)) || root=(sudo)
    root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    if [[ -z $apt_lists_are_fresh ]]; then
        "${root[@]}" update >&2
        apt_lists_are_fresh=yes
    fi
    "${root[@]}" install --no-install-recommends "$@" >&2
    say "installed: $* ($(seconds_since "$begin"))"
}
