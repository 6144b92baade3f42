"""The score card as one page: no script, no picture, no font from elsewhere; readable in light and dark."""
import html
import re

import outcome

GROUPS = {
    "time": ("CPU time", "use more CPU time than allowed"), "wall": ("Clock", "never end"),
    "memory": ("Memory", "use more memory than allowed"), "output": ("Output", "flood the output"),
    "disk": ("Disk", "fill the disk, break the clean-up"), "processes": ("Processes", "fork bombs, daemons that stay"),
    "signals": ("Signals", "kill or confuse the sandbox by signals"), "filesystem": ("Files", "reach files that are not its own"),
    "collect": ("Read-back", "plant links and pipes where results are read"), "network": ("Network", "reach anybody at all"),
    "privilege": ("Kernel", "gain privileges, use dangerous system calls"), "compile": ("Compiler", "attack through source code"),
    "leftovers": ("Leftovers", "leave something for the next run"), "measuring": ("Measuring", "make time and memory look smaller"),
    "protocol": ("Result", "forge or break the result"), "supervisor": ("Overload", "keep the sandbox itself busy"),
    "proof": ("Samples", "each limit, tried by a small multiple")}

MARKS = {outcome.CONTAINED: ("ok", "✓"), outcome.WRONG: ("wrong", "?"), outcome.EVADED: ("evaded", "!"),
         outcome.LEAKED: ("leaked", "L"), outcome.ESCAPED: ("escaped", "✗"), outcome.HUNG: ("hung", "∞"),
         outcome.NOT_TOLD: ("nottold", "–")}

MEANINGS = {
    outcome.CONTAINED: "The attack failed, and the sandbox said rightly what happened.",
    outcome.WRONG: "The attack did no harm, but the verdict was not the right one, or the sandbox failed.",
    outcome.EVADED: "It got past a limit or a measurement: more time, memory, output or processes than allowed.",
    outcome.LEAKED: "It learnt or passed on something it must not: a file of the host, data of another run.",
    outcome.ESCAPED: "It reached what is not its own: a system call, a network, a process that lives on.",
    outcome.HUNG: "The sandbox gave no answer in time.",
    outcome.NOT_TOLD: "This sandbox reports nothing on it (no measurement, no read-back): neither good nor bad."}

STYLE = """
:root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1c1d1f;--soft:#5b5f66;--line:#d9dadd;--card:#fff;
--ok:#1d7a46;--ok-bg:#d8efdf;--wrong:#7a5a00;--wrong-bg:#fbeab3;--evaded:#a04300;--evaded-bg:#ffd9b8;
--leaked:#7b2a92;--leaked-bg:#edd3f5;--escaped:#fff;--escaped-bg:#b3202c;--hung:#fff;--hung-bg:#3a3f4a;--none:#80858d;--none-bg:#ececee}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e8e8e6;--soft:#a2a7af;--line:#34383e;--card:#1d2024;
--ok:#8fdcae;--ok-bg:#173d28;--wrong:#f3d579;--wrong-bg:#4a3b0d;--evaded:#ffb784;--evaded-bg:#5a2c0c;
--leaked:#e3b3f1;--leaked-bg:#4b2159;--escaped:#fff;--escaped-bg:#b3202c;--hung:#16181b;--hung-bg:#c3c7cf;--none:#888d95;--none-bg:#2a2d32}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:104rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem}p{max-width:54rem}.soft{color:var(--soft)}
table{border-collapse:collapse;background:var(--card);border:1px solid var(--line)}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{font-weight:600;vertical-align:bottom}tbody th{min-width:15rem}tbody th{font-weight:400}
td.n{text-align:center;font-variant-numeric:tabular-nums;white-space:nowrap}
.m{display:inline-block;min-width:1.7em;padding:0 .45em;border-radius:.3em;text-align:center;font-weight:600;line-height:1.6}
.ok{color:var(--ok);background:var(--ok-bg)}.wrong{color:var(--wrong);background:var(--wrong-bg)}
.evaded{color:var(--evaded);background:var(--evaded-bg)}.leaked{color:var(--leaked);background:var(--leaked-bg)}
.escaped{color:var(--escaped);background:var(--escaped-bg)}.hung{color:var(--hung);background:var(--hung-bg)}
.nottold{color:var(--none);background:var(--none-bg)}
.legend .m{align-self:start}thead th:not(:first-child){text-align:center}
.outside{opacity:.55;outline:1px dashed currentColor;outline-offset:-1px}
.bar{display:flex;height:1.3rem;width:100%;min-width:14rem;border-radius:.25rem;overflow:hidden;gap:1px}
.bar i{display:block;font-style:normal;text-align:center;font-size:.8rem;font-weight:600;line-height:1.3rem;overflow:hidden}
.legend{display:grid;grid-template-columns:max-content max-content 1fr;gap:.35rem .8rem;max-width:56rem;margin:.6rem 0}
.scroll{overflow-x:auto}details summary{cursor:pointer;color:var(--soft)}
.name{font-family:ui-monospace,monospace;font-size:.9em;white-space:nowrap}.note{font-size:.86em;font-style:italic}.why{color:var(--soft);font-size:.86em;overflow-wrap:anywhere}
tr.group th{background:var(--bg);font-weight:600;padding-top:1rem}
"""


def escape(text):
    return html.escape(str(text))


def readable(why):
    """The numbers of outcome.overuse in units that people read."""
    why = why.removeprefix("ESCAPED: ")
    why = re.sub(r"(\d+) ns (.*), allowed (\d+)", lambda m: f"{int(m[1]) / 1e9:.1f} s {m[2]}, allowed {int(m[3]) / 1e9:.1f} s", why)
    return re.sub(r"(\d+) bytes (.*), allowed (\d+)", lambda m: f"{int(m[1]) / (1 << 20):.1f} MiB {m[2]}, allowed {int(m[3]) / (1 << 20):.1f} MiB", why)


def mark(word, outside=False, title="", count=""):
    css, sign = MARKS[word]
    return (f'<span class="m {css}{" outside" if outside else ""}" title="{escape(word + (": " + title if title else ""))}" '
            f'aria-label="{escape(word)}">{sign}{f" {count}" if count else ""}</span>')


def counted(attacks, names):
    return {word: sum(attacks[n]["outcome"] == word for n in names if n in attacks) for word in outcome.WORDS}


def bar(counts, of):
    parts = [f'<i class="{MARKS[word][0]}" style="flex:{n}" title="{n} {escape(word)}">{n if 16 * n > of else ""}</i>'
             for word, n in counts.items() if n]
    if sum(counts.values()) < of:
        parts.append(f'<i style="flex:{of - sum(counts.values())};background:var(--bg)" title="not tried"></i>')
    return f'<div class="bar">{"".join(parts)}</div>'


def draw(card):
    adapters, attacks = card["adapters"], card["attacks"]
    groups = {g: [n for n in sorted(attacks) if attacks[n]["group"] == g] for g in GROUPS}
    groups = {g: names for g, names in groups.items() if names}
    real = [n for n in attacks if attacks[n]["group"] != "proof"]
    out = ['<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
           f"<title>Sandbox score card</title><style>{STYLE}</style></head><body>",
           "<h1>Sandbox score card</h1>",
           f"<p>Online judges run programs that strangers send in. Here {len(real)} small hostile programs, each with a trick of "
           f"its own, were run inside {len(adapters)} sandbox{'es' if len(adapters) != 1 else ''}: what did each sandbox let them do? "
           "Green is good. Everything else is said below, attack by attack.</p>",
           '<div class="legend">']
    for word, meaning in MEANINGS.items():
        out.append(f"{mark(word)}<b>{escape(word)}</b><span>{escape(meaning)}</span>")
    if any(row.get("offers") for row in adapters.values()):
        out.append(f'{mark(outcome.EVADED, True)}<b>pale, dashed</b><span>The outcome of an attack on something this sandbox does not '
                   "promise; it is not held against the tool, but a judge that uses it has to see to it.</span>")
    out.append('</div><p class="soft">Verdicts of a judge: <b>TLE</b> too much time, <b>MLE</b> too much memory, <b>OLE</b> too much '
               "output, <b>RE</b> the program failed, <b>SV</b> a forbidden system call, <b>FE</b> a file to be read back is missing or no "
               "plain file, <b>IE</b> the sandbox itself failed.</p>")
    out.append("<h2>In all</h2>")
    if any(name.endswith("(VM)") for name in adapters):
        out.append('<p class="soft"><b>(VM)</b>: tried in an emulated machine, where an attack can do no harm. Elsewhere a sandbox meets '
                   "only the attacks that it is known to hold.</p>")
    if any(name.startswith("none") for name in adapters):
        out.append('<p class="soft"><b>none</b> is no sandbox at all, the control: {} of {} attacks on a layer of protection succeeded '
                   "there. The others meet what an ordinary user's rights hold, or need something that a bare program has not.</p>"
                   .format(*outcome.control(card)))
    out.append("<div class=scroll><table><thead><tr><th>Sandbox<th>Outcomes<th>")
    out.append("<th>".join(escape(w) for w in outcome.WORDS) + "</tr></thead><tbody>")
    for name, row in adapters.items():
        counts = counted(row["attacks"], real)
        out.append(f'<tr><th><b>{escape(name)}</b><br><span class="why">{escape(row["version"])}'
                   f'{", Linux " + escape(row["kernel"]) if row.get("kernel") else ""}<br>{escape(row["how"])}</span></th>'
                   f"<td>{bar(counts, len(real))}"
                   + (f'<span class="why">{sum(counts.values())} of {len(real)} tried</span>' if sum(counts.values()) < len(real) else "")
                   + "</td>" + "".join(f"<td class=n>{n or ''}</td>" for n in counts.values()) + "</tr>")
    out.append("</tbody></table></div><h2>By what is attacked</h2>")
    out.append('<p class="soft">Contained attacks of all of that kind. The signs below: outcomes that were not.</p>')
    out.append("<div class=scroll><table><thead><tr><th>Attacks that try to…<th>" + "<th>".join(escape(n) for n in adapters) + "</tr></thead><tbody>")
    for group, names in groups.items():
        out.append(f'<tr><th><b>{escape(GROUPS[group][0])}</b> <span class="soft">{escape(GROUPS[group][1])}</span></th>')
        for row in adapters.values():
            counts = counted(row["attacks"], names)
            outside = bool(row.get("offers")) and group not in row["offers"] and group != "proof"
            others = " ".join(mark(w, outside, count=n) for w, n in counts.items() if n and w not in (outcome.CONTAINED, outcome.NOT_TOLD))
            tried = sum(counts.values()) - counts[outcome.NOT_TOLD]
            share = f"{counts[outcome.CONTAINED]} of {tried}" if tried else \
                f'<span class="soft">{"not told" if sum(counts.values()) else "not tried"}</span>'
            out.append(f"<td class=n>{share}{'<br>' + others if others else ''}</td>")
        out.append("</tr>")
    out.append("</tbody></table></div><h2>Attack by attack</h2>")
    out.append('<p class="soft">Under each sign, where it is not green: what was seen and, in italics, what those who wrote the adapter '
               "say to that. An empty field was not tried.</p>")
    out.append("<div class=scroll><table><thead><tr><th>Attack<th>" + "<th>".join(escape(n) for n in adapters) + "</tr></thead><tbody>")
    for group, names in groups.items():
        out.append(f'<tr class=group><th colspan="{1 + len(adapters)}">{escape(GROUPS[group][0])}: attacks that '
                   f"{escape(GROUPS[group][1]) if group != 'proof' else 'sample ' + escape(GROUPS[group][1])}</th></tr>")
        for name in names:
            a = attacks[name]
            out.append(f'<tr><th><span class="name">{escape(name)}</span><br>{escape(a["tries"])}<br>'
                       f'<span class="why">Why: {escape(re.sub(r"^(S[0-9]+,? ?)+:? *", "", a["why"]))}<br>Right outcome: {escape(a["must"])}</span></th>')
            for row in adapters.values():
                found = row["attacks"].get(name)
                if found is None:
                    out.append("<td class=n></td>")
                    continue
                outside = bool(row.get("offers")) and group not in row["offers"] and group != "proof"
                shown = "" if found["outcome"] in (outcome.CONTAINED, outcome.NOT_TOLD) else \
                    f'<br><span class="why">{escape(found["outcome"])}: {escape(readable(found["why"])[:110])}</span>'
                note = row.get("notes", {}).get(name)
                if note and shown:
                    shown += f'<br><span class="note">{escape(note)}</span>'
                out.append(f'<td style="text-align:center">{mark(found["outcome"], outside, readable(found["why"]))}{shown}</td>')
            out.append("</tr>")
    out.append("</tbody></table></div><h2>What this does not say</h2><p>Containing these attacks does not make a sandbox safe: the "
               "corpus has known tricks only, none of which is a hole in a kernel. Numbers of two sandboxes compare only where both "
               "promise the same thing. docs/security-benchmark.md has the method.</p></body></html>\n")
    return "".join(out)
