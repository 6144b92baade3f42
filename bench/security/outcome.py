"""What came of an attack on a sandbox: one word, and why. A pure function of facts."""
import base64
import json

from corpus import differences

CONTAINED, WRONG, EVADED, LEAKED, ESCAPED, HUNG = "contained", "wrong verdict", "evaded", "leaked", "escaped", "hung"
NOT_TOLD = "not told"  # the sandbox says nothing of what the attack was to change: no outcome
WORDS = [CONTAINED, WRONG, EVADED, LEAKED, ESCAPED, HUNG, NOT_TOLD]

LIMIT_VERDICTS = {"TLE", "MLE", "OLE", "SV"}
CANARY = "BAILIFF-CANARY-7f3a"  # content of the files that torture plants on the host


def text_of(stream):
    if not isinstance(stream, dict):
        return ""
    if "text" in stream:
        return stream["text"] or ""
    return base64.b64decode(stream.get("base64") or "").decode("latin-1")


def as_list(value):
    return value if isinstance(value, list) else [value]


def classify(attack, result, limits, survivors=0):
    """(outcome, why). `result` is the adapter's answer, None when there was none before the deadline; `survivors` counts
    the processes of the attack that were alive after the sandbox had answered."""
    if result is None:
        return HUNG, "no answer before the deadline"
    # Adapters may give either form; expectations speak of the text.
    result = result | {key: {"text": text_of(result[key])} | result[key] for key in ("stdout", "stderr") if result.get(key)}
    told = text_of(result.get("stdout")) + text_of(result.get("stderr"))
    files = "".join(text_of(f) for f in (result.get("files") or {}).values())
    if CANARY in told + files:
        return LEAKED, "the content of a file of the host is in the result"
    if "ESCAPED" in told:
        return attack.breach, told[told.index("ESCAPED"):].split("\n")[0][:200]
    if survivors:
        return ESCAPED, f"{survivors} processes of it were alive after the sandbox had answered"

    status = result.get("status")
    if status == "IE":
        return WRONG, "the sandbox reports an error of its own: " + str(result.get("reason_detail") or result.get("reason"))[:200]
    allowed = as_list(attack.expect.get("status"))
    must_be_stopped = set(allowed) <= LIMIT_VERDICTS
    ended_well = result.get("exit_code") == 0 and result.get("signal") is None

    over = overuse(result, limits)
    if over and (status or "OK") not in LIMIT_VERDICTS:
        return EVADED, over
    if must_be_stopped and ended_well and (status or "OK") == "OK":
        return EVADED, "it was to be stopped and ended by itself"
    if status is None:  # a sandbox without verdicts is asked for the facts only
        expect = {key: value for key, value in attack.expect.items() if key not in ("status", "reason")}
        if must_be_stopped:
            expect = {key: value for key, value in expect.items() if key not in ("signal", "exit_code", "stdout", "stderr")}
        if not must_be_stopped and not comparable(expect, result):
            return NOT_TOLD, "it says nothing of what this attack was to change"
        if allowed == ["OK"] and not ended_well:
            return WRONG, f"it was to end well: exit code {result.get('exit_code')}, signal {result.get('signal')}"
    else:
        expect = attack.expect
        if status == "OK" and status not in allowed:
            return attack.breach, f"OK, not {' or '.join(allowed)}"
        if status not in allowed:
            return WRONG, f"{status}, not {' or '.join(allowed)}"
    found = differences(expect, result, told_only=True)
    if not found:
        return CONTAINED, ""
    key, text = found[0]
    why = f"{key} {text}"
    if key.startswith("files"):
        return LEAKED if "lacks" in json.dumps(attack.expect.get("files")) else WRONG, why
    if key.split(".")[0] in ("cpu_time", "peak_memory", "wall_time", "residue") or key.endswith("bytes"):
        return EVADED, why
    return WRONG, why


def succeeded(came, breach):
    """Whether an attack whose success is called `breach` did what it was made for. Strict: that the sandbox merely failed
    or answered wrongly is none, but for attacks on the verdict."""
    return came not in (CONTAINED, NOT_TOLD) and (came != WRONG or breach == WRONG)


def control(card):
    """(how many attacks on a layer succeeded without any, of how many tried), of the control in this card if it has one."""
    for name, row in card["adapters"].items():
        if name.startswith("none"):
            tried = [(found["outcome"], card["attacks"][a]["breach"]) for a, found in row["attacks"].items() if card["attacks"][a].get("without")]
            return sum(succeeded(*one) for one in tried), len(tried)
    return None


def comparable(expect, result):
    """Whether `result` has anything that `expect` speaks of."""
    return any(key in result and (not isinstance(value, dict) or not isinstance(result[key], dict) or {"has", "lacks"} & value.keys()
                                  or comparable(value, result[key])) for key, value in expect.items())


def overuse(result, limits):
    """Why the program had more than it might, by the sandbox's own numbers, or by those `outside` of it, which a judge
    would not have seen. Allows for half as much again, and for what a sandbox needs itself."""
    checks = [("cpu_time", "ns", "cpu_time_ms", 1e6, 1.5e9, "of CPU time"),
              ("wall_time", "ns", "wall_time_ms", 1e6, 3e9, "on the clock"),
              ("peak_memory", "bytes", "memory_bytes", 1, 16 << 20, "of memory"),
              ("stdout", "bytes", "output_bytes", 1, 1 << 20, "of output"), ("stderr", "bytes", "output_bytes", 1, 1 << 20, "of output")]
    for facts in (result, result.get("outside") or {}):
        for key, unit, limit, factor, slack, words in checks:
            used = (facts.get(key) or {}).get(unit)
            allowed = limits.get(limit)
            if used is not None and allowed is not None and used > 1.5 * allowed * factor + slack:
                return f"{used} {unit} {words}, allowed {int(allowed * factor)}"
    return None
