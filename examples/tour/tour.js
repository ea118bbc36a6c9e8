"use strict";

// The page works without this file: every form is a plain one. Here they are sent without loading the page again; the server's
// answer is the same page, of which one part is taken over.
(() => {
	function show(section, text) {
		const result = section.querySelector("[role=status]");
		const page = new DOMParser().parseFromString(text, "text/html");
		const fresh = page.querySelector(`#${section.id} [role=status]`);
		if (fresh) {
			result.replaceChildren(...fresh.childNodes);
		} else {
			complain(section, page.title || text); // an error page of the server in front has a title
		}
	}

	function complain(section, text) {
		const p = document.createElement("p");
		p.className = "error";
		p.textContent = text || "No answer.";
		section.querySelector("[role=status]").replaceChildren(p);
	}

	async function send(form, submitter) {
		const section = form.closest("section");
		const result = section.querySelector("[role=status]");
		const data = new URLSearchParams(new FormData(form, submitter));
		const url = new URL(submitter?.hasAttribute("formaction") ? submitter.formAction : form.action);
		const method = submitter?.hasAttribute("formmethod") ? submitter.formMethod : form.method;
		const options = { method, cache: "no-store" };
		if (form.dataset.forge) {
			url.pathname = form.dataset.forge;
			options.headers = forged(data.get("as"));
		}
		if (method === "get") {
			url.search = data;
		} else {
			options.body = data;
		}
		result.setAttribute("aria-busy", "true");
		try {
			const response = await fetch(url, options);
			show(section, await response.text());
		} catch (error) {
			complain(section, `The browser says: ${error.message}`);
		} finally {
			result.removeAttribute("aria-busy");
		}
	}

	// The same headers as in who.go. A browser lets its scripts write these: that is why nobody may believe them.
	function forged(as) {
		return {
			"X-Forwarded-For": as,
			"X-Real-IP": as,
			"Forwarded": `for=${as}`,
			"X-Forwarded-Proto": "https",
			"X-Forwarded-Host": "evil.example",
		};
	}

	// fetch does not tell how much of a body was sent, XMLHttpRequest does.
	function upload(form) {
		const section = form.closest("section");
		const box = form.querySelector(".progress");
		const bar = box.querySelector("progress");
		const output = box.querySelector("output");
		const button = form.querySelector("button");
		const request = new XMLHttpRequest();
		request.upload.onprogress = (event) => {
			const percent = event.lengthComputable && event.total ? Math.round(100 * event.loaded / event.total) : 0;
			bar.value = percent;
			output.value = `${percent} %`;
		};
		request.onload = () => show(section, request.responseText);
		request.onerror = () => complain(section, "The connection broke before there was an answer.");
		request.onloadend = () => { button.disabled = false; };
		box.hidden = false;
		bar.value = 0;
		output.value = "0 %";
		button.disabled = true;
		request.open("POST", form.action);
		request.send(new FormData(form));
	}

	async function say(form) {
		const text = form.elements.text;
		const body = new URLSearchParams(new FormData(form));
		text.value = "";
		try {
			// The line comes back by listen, as everybody else's.
			const response = await fetch(form.action, { method: "post", body, redirect: "manual" });
			if (response.type !== "opaqueredirect") {
				throw new Error(response.statusText);
			}
		} catch {
			text.value = body.get("text");
		}
	}

	document.addEventListener("submit", (event) => {
		const form = event.target;
		event.preventDefault();
		if ("chat" in form.dataset) {
			say(form);
		} else if ("progress" in form.dataset) {
			upload(form);
		} else {
			send(form, event.submitter);
		}
	});

	// listen asks for the lines after the last one, again and again; the server answers when there is one. A page that nobody sees
	// does not ask: a browser has six connections to a server, for all its tabs.
	const room = document.querySelector("#chat-lines");
	let last = Number(room.dataset.last);
	let asking = null;

	async function listen() {
		if (asking || document.hidden) {
			return;
		}
		asking = new AbortController();
		while (!document.hidden) {
			try {
				const response = await fetch(`/chat/lines?after=${last}`, { cache: "no-store", signal: asking.signal });
				if (!response.ok) {
					throw new Error(response.statusText);
				}
				for (const line of await response.json()) {
					add(line);
				}
			} catch {
				if (asking.signal.aborted) {
					break;
				}
				await new Promise((resolve) => setTimeout(resolve, 2000));
			}
		}
		asking = null;
		listen();
	}

	function add(line) {
		const p = document.createElement("p");
		const name = document.createElement("b");
		name.textContent = line.Name;
		p.append(name, ` ${line.Text}`);
		room.querySelector(".empty")?.remove();
		room.append(p);
		room.scrollTop = room.scrollHeight;
		last = line.Number;
	}

	document.addEventListener("visibilitychange", () => (document.hidden ? asking?.abort() : listen()));
	room.scrollTop = room.scrollHeight;
	listen();

	for (const paste of document.querySelectorAll(".paste")) {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "copy second";
		button.textContent = "Copy";
		button.addEventListener("click", async () => {
			try {
				await navigator.clipboard.writeText(paste.querySelector("code").textContent);
				button.textContent = "Copied";
			} catch {
				button.textContent = "Not allowed";
			}
			setTimeout(() => { button.textContent = "Copy"; }, 2000);
		});
		paste.querySelector("p").append(" ", button);
	}
	document.documentElement.classList.add("scripted");
})();
