# shellcheck shell=bash
# What the tests need of PyPI: Sail, an engine that speaks Spark's SQL, and its client, against which
# the batch views are held; schemathesis, which tries the API by its own document.
# Needs say.sh, packages.sh and versions.

# need_python DIRECTORY: a Python environment with all of them, made once.
need_python() {
    local place=$1 wanted
    wanted=(
        "pysail==$SAIL_VERSION" "pyspark-client==$SPARK_CLIENT_VERSION"
        "schemathesis==$SCHEMATHESIS_VERSION"
    )
    [[ ! -f $place/versions || $(<"$place/versions") != "${wanted[*]}" ]] || return 0
    python3 -c 'import ensurepip' 2>/dev/null || need_packages "makes Python environments" python3-venv
    rm -rf "$place"
    python3 -m venv "$place"
    "$place/bin/python3" -m pip --quiet --disable-pip-version-check install "${wanted[@]}"
    echo "${wanted[*]}" >"$place/versions"
}
