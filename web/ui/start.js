// Appended to the generated module: loads the page, and says so where a browser cannot.
__wbg_init({ module_or_path: new URL('{{wasm}}', import.meta.url) }).catch((error) => {
    console.error(error);
    document.getElementById('app').hidden = true;
    document.getElementById('failed').hidden = false;
});
