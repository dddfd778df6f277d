"""Prints the demo tenant and two resources with everything that a format could trip over."""

import json
import pathlib

demo = pathlib.Path("examples/demo-tenant/demo.jsonl").read_text()
rows = [json.loads(line) for line in demo.split("\n") if line]
group = next(row["id"] for row in rows if row["id"].count("/") == 4 and "/resourceGroups/" in row["id"])
name = "a,b\"c'd;e\u00e9\U0001f600"
thing = {
    "id": f"{group}/providers/Microsoft.Weird/things/{name}",
    "name": name,
    "type": "Microsoft.Weird/things",
    "location": "westeurope",
    "tags": {"=cmd|' /C calc'!A0": "x\ny", "t:ag{x}": "v(1)"},
    "zones": ["1", "2;3"],
    "properties": {
        "a:b": "colon", "c{d}(e)": "brackets", "nl\nname": "x", "empty": "", "ctl": "\x01\x00\x1f\x7f", "cr": "a\r\nb\rc",
        "tab": "a\tb", "list": ["x", "", "y\x1fz"], "none": [], "f": 1e300, "i": -9007199254740993, "mixed": True,
        " sp ": "trim", 'quote"x': '"q""', "uni": "\u2028\ufffe\u202e", "back\\slash": "\\\"\\", "ID": "x", "key:ID": 1,
    },
}
other = {**thing, "id": thing["id"] + "2", "name": name + "2", "properties": {"mixed": "text", "i": 1.5, "ID": 7}}
print(demo, end="")
for row in (thing, other):
    print(json.dumps(row))
