// Lets the browser create or use a passkey and submits its response with the form. The only script of the product.
const ceremonies = {
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
}

async function submit(form) {
  const alert = form.querySelector('[role=alert]')
  alert.hidden = true
  const body = new URLSearchParams({ action: 'passkey_options' })
  try {
    const reply = await fetch(form.getAttribute('action'), { method: 'POST', body })
    // The server requires another step first: reloading the page redirects there.
    if (reply.redirected || !reply.headers.get('content-type')?.includes('json')) return location.reload()
    const credential = await ceremonies[form.dataset.passkey](await reply.json())
    form.elements.credential.value = JSON.stringify(credential)
    form.submit()
  } catch {
    alert.hidden = false
  }
}

if (globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      submit(form)
    })
  }
}
