# shellcheck shell=bash
# Sail, an engine that speaks Spark's SQL, and its client: the batch views are held against it.
# Needs say.sh, packages.sh and versions.

# need_sail DIRECTORY: a Python environment with both, made once.
need_sail() {
    local place=$1 wanted="$SAIL_VERSION $SPARK_CLIENT_VERSION"
    [[ ! -f $place/versions || $(<"$place/versions") != "$wanted" ]] || return 0
    python3 -c 'import ensurepip' 2>/dev/null || need_packages "makes Python environments" python3-venv
    rm -rf "$place"
    python3 -m venv "$place"
    "$place/bin/python3" -m pip --quiet --disable-pip-version-check install \
        "pysail==$SAIL_VERSION" "pyspark-client==$SPARK_CLIENT_VERSION"
    echo "$wanted" >"$place/versions"
}
