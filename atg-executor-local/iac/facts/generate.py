#!/usr/bin/env python3
"""Writes `table.txt.gz`, the facts about every ARM type that Azure's management packages for Python know.

    python3 generate.py [--packages DIR] [--out FILE]

The packages (`packages.txt`: one pinned `azure-mgmt-*` a line) are fetched with pip into a folder of their own, read as
text – nothing of them is imported or run – and not kept. They are clients generated from Azure's own API descriptions:
each PUT names its URL, api-version, the bounds of the resource's name and the class of its body, and each class says
which members are required, read-only or never returned. What is taken is those facts, no code and no prose.

The table's format is described at the top of `../src/facts/table.rs`, its only reader. `overrides.txt` holds the few
corrections made by hand, each with its reason.
"""

import argparse
import ast
import gzip
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).parent

# Members that Azure Resource Manager itself adds to every resource, whatever the provider's description says of them.
SERVER_MADE = {"id", "name", "type", "systemData", "apiVersion"}

# A member whose value is a secret by its name, and a string. Azure's descriptions mark few of them.
SECRET = re.compile(
    r"(password|passwd|passphrase|secret|secretText|secretValue|accountKey|accessKey|sharedKey|sharedAccessKey|"
    r"storageAccountKey|primaryKey|secondaryKey|apiKey|privateKey|authorizationKey|clientKey|connectionString|"
    r"primaryConnectionString|secondaryConnectionString|accessToken|refreshToken|personalAccessToken|sasToken|sasUri|"
    r"storageAccountAccessKey|serviceBusConnectionString|customData)$",
    re.IGNORECASE,
)
# … and what ends like one but is a name, a reference or a switch.
NOT_SECRET = re.compile(r"(passwordSecretName|disable.*|enable.*|allow.*|is.*|has.*|use.*)$")


# ---------------------------------------------------------------- packages

def fetch(folder):
    """Downloads what `packages.txt` names. A package may stand there in several versions, of which pip takes one at a
    time: each round takes the next."""
    rounds = []
    for line in (HERE / "packages.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            package = line.split("==")[0]
            number = next(i for i in range(len(rounds) + 1) if i == len(rounds) or package not in rounds[i])
            if number == len(rounds):
                rounds.append({})
            rounds[number][package] = line
    for wanted_now in rounds:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, *wanted_now.values()],
            check=True,
        )


def sources(folder):
    """Yields (package==version, {path: text}) for each archive, in the order of names."""
    for archive in sorted(pathlib.Path(folder).iterdir()):
        texts = {}
        if archive.name.startswith("pulumi"):
            continue
        if archive.suffix == ".whl":
            package, version = archive.name.split("-")[:2]
            with zipfile.ZipFile(archive) as bundle:
                for name in bundle.namelist():
                    if wanted(name):
                        texts[name] = bundle.read(name).decode("utf-8")
        elif archive.name.endswith((".tar.gz", ".zip")):
            package, version = re.sub(r"\.(tar\.gz|zip)$", "", archive.name).rsplit("-", 1)
            if archive.suffix == ".zip":
                with zipfile.ZipFile(archive) as bundle:
                    entries = [(n, bundle.read(n)) for n in bundle.namelist() if wanted(n)]
            else:
                with tarfile.open(archive) as bundle:
                    entries = [(m.name, bundle.extractfile(m).read()) for m in bundle.getmembers() if wanted(m.name)]
            # The first part of the path is the package's own folder.
            texts = {name.split("/", 1)[1]: data.decode("utf-8") for name, data in entries}
        else:
            continue
        yield f"{package.replace('_', '-')}=={version}", texts


def wanted(name):
    return name.endswith(".py") and "/aio/" not in name and re.search(r"/(models|operations)/|/_?types\.py$", name)


def closed_values(folder):
    """Lists of values that are complete: (module, member name) → sets of values, all in small letters.

    The management packages do not tell a list that Azure may lengthen from one that it will not. `pulumi-azure-native`
    does: an argument that takes any text besides is a union."""
    closed = defaultdict(set)
    for archive in sorted(pathlib.Path(folder).glob("pulumi_azure_native-*.whl")):
        with zipfile.ZipFile(archive) as bundle:
            names = [n for n in bundle.namelist() if n.endswith(".py")]
            enums = {}
            for name in names:
                if name.endswith("/_enums.py"):
                    for node in ast.parse(bundle.read(name)).body:
                        if isinstance(node, ast.ClassDef):
                            enums[name.rsplit("/", 1)[0], node.name] = frozenset(
                                s.value.value.lower() for s in node.body
                                if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant)
                                and isinstance(s.value.value, str)
                            )
            argument = re.compile(
                r"@pulumi\.getter(?:\(name=\"(\w+)\"\))?\s+def (\w+)\(self\) -> pulumi\.Input\[(?:Optional\[)?"
                r"(?:Sequence\[pulumi\.Input\[)?'(\w+)'\]"
            )
            for name in names:
                module = name.rsplit("/", 1)[0]
                for wire, python, kind in argument.findall(bundle.read(name).decode("utf-8")):
                    if values := enums.get((module, kind)):
                        closed[module.rsplit("/", 1)[-1], (wire or python).lower()].add(values)
    return closed


# ---------------------------------------------------------------- models

class Model:
    """One class of a body: its own members, what it extends, and how its variants are told apart."""

    def __init__(self, name):
        self.name = name
        self.bases = []
        self.members = {}          # wire name -> Member
        self.discriminator = None  # wire name
        self.value = None          # this variant's own value
        self.variants = {}         # value -> class name


class Member:
    def __init__(self, kind, required=False, read_only=False, write_only=False):
        self.kind, self.required, self.read_only, self.write_only = kind, required, read_only, write_only


def words(node):
    """The dotted name of an expression, its last part."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.split(".")[-1]
    return None


SCALARS = {
    "str": "s", "int": "i", "float": "n", "bool": "b", "bytes": "s", "datetime": "s", "date": "s", "time": "s",
    "timedelta": "s", "Decimal": "n", "decimal": "n", "Any": "a", "JSON": "a", "object": "a",
    "long": "i", "iso-8601": "s", "rfc-1123": "s", "unix-time": "i", "duration": "s", "bytearray": "s", "base64": "s",
    "IO": "a", "None": "a",
}


def kind_of(node):
    """A member's type from its annotation: ('s',) scalar, ('[', kind), ('{', kind), ('#', class), ('|', class of values)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return kind_of(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Constant):
        return ("a",)
    if isinstance(node, ast.Subscript):
        outer, inner = words(node.value), node.slice
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Optional":
            return kind_of(parts[0])
        if outer in ("list", "List", "Sequence"):
            return ("[", kind_of(parts[0]))
        if outer in ("dict", "Dict", "Mapping", "MutableMapping"):
            return ("{", kind_of(parts[1]))
        if outer == "Literal":
            values = [p.value if isinstance(p, ast.Constant) else words(p) for p in parts]
            if all(isinstance(v, str) for v in values) and all(isinstance(p, ast.Constant) for p in parts):
                return ("=", tuple(values))
            return ("s",)
        if outer == "Union":
            names = [words(p) for p in parts]
            if names[0] == "str" and len(parts) == 2 and not isinstance(parts[1], ast.Subscript):
                return ("|", names[1])
            kinds = [kind_of(p) for p in parts if words(p) not in ("JSON", "IO", "None")]
            kinds = [k for k in kinds if k != ("a",)]
            return kinds[0] if len(kinds) == 1 else ("a",)
        return ("a",)
    name = words(node)
    if name in SCALARS:
        return (SCALARS[name],)
    return ("#", name) if name else ("a",)


def kind_of_text(text):
    """The same from the text of an older package: `[Class]`, `{str}`, `Class`, `str`."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return ("[", kind_of_text(text[1:-1]))
    if text.startswith("{") and text.endswith("}"):
        return ("{", kind_of_text(text[1:-1]))
    if text in SCALARS:
        return (SCALARS[text],)
    return ("#", text.split(".")[-1])


def read_models(texts):
    """All classes of one models folder, and the enumerations among them."""
    models, values = {}, {}
    # The classes for Python 3 (`_models_py3`, `*_py3`) repeat those for Python 2: read last, they win.
    for path in sorted(texts, key=lambda p: ("py3" in p, p)):
        for node in ast.parse(texts[path]).body:
            if isinstance(node, ast.ClassDef):
                if any(words(b) in ("Enum", "CaseInsensitiveEnumMeta") for b in node.bases):
                    values[node.name] = tuple(
                        s.value.value for s in node.body
                        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant) and isinstance(s.value.value, str)
                    )
                else:
                    models[node.name] = read_model(node)
    for model in models.values():
        if model.value is not None:
            for base in ancestors(models, model):
                if base.discriminator:
                    base.variants.setdefault(model.value, model.name)
    return models, values


def ancestors(models, model):
    for base in model.bases:
        if base in models and models[base] is not model:
            yield models[base]
            yield from ancestors(models, models[base])


def read_model(node):
    model = Model(node.name)
    # `_serialization.Model` and `msrest.serialization.Model` are no class of the package, which may have a `Model` of its own.
    model.bases = [words(b) for b in node.bases if words(b) and not isinstance(b, ast.Attribute)]
    for keyword in node.keywords:
        if keyword.arg == "discriminator" and isinstance(keyword.value, ast.Constant):
            model.value = keyword.value.value
    annotations = {}
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            for argument in statement.args.kwonlyargs:
                if argument.annotation is not None:
                    annotations.setdefault(argument.arg, argument.annotation)
    maps = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call):
            read_field(model, statement)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and target.id in ("_attribute_map", "_validation", "_subtype_map"):
                maps[target.id] = ast.literal_eval(statement.value)
    if "_attribute_map" in maps:
        read_attribute_map(model, maps, annotations)
    return model


def read_field(model, statement):
    """`name: Optional[X] = rest_field(name="wireName", visibility=["read"])`"""
    call = statement.value
    if words(call.func) not in ("rest_field", "rest_discriminator") or not isinstance(statement.target, ast.Name):
        return
    wire, visibility = statement.target.id, None
    for keyword in call.keywords:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            wire = keyword.value.value
        elif keyword.arg == "visibility" and isinstance(keyword.value, ast.List):
            visibility = {e.value for e in keyword.value.elts if isinstance(e, ast.Constant)}
    kind = kind_of(statement.annotation)
    optional = "Optional[" in ast.unparse(statement.annotation)
    read_only = visibility == {"read"}
    # A dot in the other format means nesting; here it is part of the name.
    model.members[wire.replace(".", "\\.")] = Member(
        kind,
        required=not optional and not read_only,
        read_only=read_only,
        write_only=visibility is not None and "read" not in visibility,
    )
    if words(call.func) == "rest_discriminator":
        # A variant repeats the member with its own literal; only the base tells variants apart by it.
        if model.value is None or kind[0] != "=":
            model.discriminator = wire


def read_attribute_map(model, maps, annotations):
    """The two tables of an older package: wire names with dots for nesting, and what is required or read-only."""
    validation = maps.get("_validation", {})
    for attribute, entry in maps["_attribute_map"].items():
        rules = validation.get(attribute, {})
        kind = kind_of_text(entry["type"])
        if kind == ("s",) and attribute in annotations:
            better = kind_of(annotations[attribute])
            if better[0] in "|=":
                kind = better
        # Some older classes name what the caller sets through PUT as constants: they are sent, and so writable.
        model.members[entry["key"]] = Member(
            kind,
            required=bool(rules.get("required")) and not rules.get("readonly"),
            read_only=bool(rules.get("readonly")),
        )
    for attribute, variants in maps.get("_subtype_map", {}).items():
        key = maps["_attribute_map"].get(attribute, {}).get("key")
        if key:
            model.discriminator = key.replace("\\.", ".")
            model.variants.update(variants)


def tree(models, name, seen=()):
    """A class's members with those it inherits, nested where an older package wrote dots."""
    flat = {}

    def collect(model, depth=0):
        if depth > 20:
            return
        for base in model.bases:
            if base in models and base != model.name:
                collect(models[base], depth + 1)
        for wire, member in model.members.items():
            if wire == "" or wire == "additional_properties":
                continue
            if wire in flat and flat[wire].kind[0] == "=" and member.kind[0] != "=":
                continue
            flat[wire] = member

    collect(models[name])
    nested = {}
    for wire, member in flat.items():
        parts = [p.replace("\\.", ".") for p in re.split(r"(?<!\\)\.", wire)] if "." in wire else [wire]
        level = nested
        for part in parts[:-1]:
            entry = level.get(part)
            if not isinstance(entry, dict):
                entry = level[part] = {}
            level = entry
        if not isinstance(level.get(parts[-1]), dict):
            level[parts[-1]] = member
    return nested


def open_ended(models, name):
    """Whether the class takes members that it does not name."""
    model = models[name]
    return any(m.members.get("") for m in [model, *ancestors(models, model)])


# ---------------------------------------------------------------- operations

class Call:
    """One HTTP call: where it goes, and the classes that it sends and gets."""

    def __init__(self, method, url, version):
        self.method, self.url, self.version = method, url, version
        self.arguments = {}   # placeholder -> dict of bounds, and "enum"
        self.body = self.response = None


def read_calls(text):
    """The calls of one operations file."""
    module = ast.parse(text)
    builders = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("build_") and node.name.endswith("_request"):
            call = read_builder(node)
            if call:
                builders[node.name] = call
    calls = []
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            calls += read_operations(node, builders)
    return calls


def read_builder(node):
    url = version = method = None
    arguments, enums, literals = {}, {}, {}
    for argument in [*node.args.args, *node.args.kwonlyargs]:
        if argument.annotation is not None:
            kind = kind_of(argument.annotation)
            if kind[0] in "|=":
                enums[argument.arg] = kind
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and inner.value.startswith("/") and url is None:
            url = inner.value
        if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Constant) and words(inner.targets[0]) == "api_version":
            version = inner.value.value
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            kind = kind_of(inner.annotation)
            if kind[0] == "=" and len(kind[1]) == 1:
                literals[inner.target.id] = kind[1][0]
        if isinstance(inner, ast.Call):
            name = words(inner.func)
            if name == "pop" and inner.args and isinstance(inner.args[0], ast.Constant):
                if inner.args[0].value in ("api-version", "api_version") and len(inner.args) > 1:
                    if isinstance(inner.args[1], ast.Constant):
                        version = inner.args[1].value
            if name == "HttpRequest":
                for keyword in inner.keywords:
                    if keyword.arg == "method" and isinstance(keyword.value, ast.Constant):
                        method = keyword.value.value
        if isinstance(inner, ast.Dict):
            for key, value in zip(inner.keys, inner.values):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Call) and words(value.func) == "url":
                    bounds = {k.arg: k.value.value for k in value.keywords
                              if k.arg in ("min_length", "max_length", "pattern") and isinstance(k.value, ast.Constant)}
                    if len(value.args) > 1:
                        if isinstance(value.args[1], ast.Constant):
                            bounds["fixed"] = value.args[1].value
                        elif isinstance(value.args[1], ast.Name):
                            if value.args[1].id in literals:
                                bounds["fixed"] = literals[value.args[1].id]
                            elif value.args[1].id in enums:
                                bounds["enum"] = enums[value.args[1].id]
                    arguments[key.value] = bounds
    # `assert`-like patterns for the provider (`ApiVersion` constants of one-off clients) have no version: unusable.
    if not url or not method or not version:
        return None
    call = Call(method, url, version)
    call.arguments = arguments
    return call


def read_operations(node, builders):
    """Ties each method's call to the classes of its body and its answer."""
    calls, answers = [], {}
    urls, version = {}, None
    for statement in node.body:
        # Oldest packages: `create.metadata = {'url': '…'}` after each method.
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute) and statement.targets[0].attr == "metadata":
            try:
                urls[words(statement.targets[0].value)] = ast.literal_eval(statement.value)["url"]
            except (ValueError, KeyError):
                pass
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Constant) and isinstance(inner.value.value, str):
            if words(inner.targets[0]) == "api_version":
                version = version or inner.value.value
    for function in node.body:
        if not isinstance(function, ast.FunctionDef) or any(words(d) == "overload" for d in function.decorator_list):
            continue
        builder = body = answer = method = None
        body_argument = None
        for inner in ast.walk(function):
            if not isinstance(inner, ast.Call):
                continue
            name = words(inner.func)
            if name in builders:
                builder = builders[name]
            elif name == "body" and len(inner.args) > 1 and isinstance(inner.args[1], ast.Constant):
                body = kind_of_text(inner.args[1].value)
            elif name == "dumps" and inner.args and isinstance(inner.args[0], ast.Name):
                body_argument = inner.args[0].id
            elif name in ("_deserialize", "deserialize") and len(inner.args) > 1:
                first = inner.args[0]
                if words(first) not in ("ErrorResponse", "CloudError", "ErrorResponseAutoGenerated"):
                    answer = answer or (kind_of_text(first.value) if isinstance(first, ast.Constant) else kind_of(first))
            elif isinstance(inner.func, ast.Attribute) and words(inner.func.value) == "_client" and name in ("put", "get", "patch"):
                method = name.upper()
        if builder is None and method and function.name in urls and version:
            builder = Call(method, urls[function.name], version)
        if builder is None and method and function.name.removeprefix("_").removesuffix("_initial") in urls and version:
            builder = Call(method, urls[function.name.removeprefix("_").removesuffix("_initial")], version)
        if body is None and body_argument:
            for argument in [*function.args.args, *function.args.kwonlyargs]:
                if argument.annotation is not None and argument.arg in (body_argument, "body", "parameters", "resource", "properties"):
                    body = class_in(argument.annotation) or body
            if body is None:
                for argument in [*function.args.args, *function.args.kwonlyargs]:
                    if argument.annotation is not None and "IO[bytes]" in ast.unparse(argument.annotation):
                        body = class_in(argument.annotation) or body
        stem = function.name.removeprefix("begin_").removeprefix("_").removesuffix("_initial")
        if answer is not None and answer[0] == "#":
            answers.setdefault(stem, answer[1])
        if builder is not None:
            call = Call(builder.method, builder.url, builder.version)
            call.arguments = builder.arguments
            call.body = body[1] if body and body[0] == "#" else None
            calls.append((stem, call))
    for stem, call in calls:
        call.response = answers.get(stem)
    return [call for _, call in calls]


def class_in(annotation):
    """`Union[_models.X, _types.X, IO[bytes]]` → X"""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.Subscript) and words(annotation.value) in ("Union", "Optional"):
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        for part in parts:
            found = class_in(part)
            if found:
                return found
        return None
    if isinstance(annotation, ast.Subscript):
        return None
    name = words(annotation)
    return ("#", name) if name and name not in SCALARS else None


# ---------------------------------------------------------------- URLs

PLACEHOLDER = re.compile(r"^\{(\w+)\}$")


def resources_of(call, values):
    """The ARM types that a URL addresses: (type, scope, bounds of the name). Several for `{recordType}`; none for actions."""
    url = call.url.rstrip("/").split("?")[0]
    if re.fullmatch(r"/subscriptions/\{\w+\}/resource[gG]roups/\{\w+\}", url):
        return [("Microsoft.Resources/resourceGroups", "s", call.arguments.get(url.split("/")[-1][1:-1], {}))]
    if re.fullmatch(r"/subscriptions/\{\w+\}", url):
        return [("Microsoft.Resources/subscriptions", "t", {})]
    match = list(re.finditer(r"/providers/", url, re.IGNORECASE))
    if not match:
        return []
    prefix, rest = url[:match[-1].start()], url[match[-1].end():].split("/")
    namespace = rest[0]
    if PLACEHOLDER.match(namespace) or len(rest) < 3 or len(rest) % 2 == 0:
        return []
    scope = scope_of(prefix)
    types, name = [""], {}
    pairs = list(zip(rest[1::2], rest[2::2]))
    for index, (segment, value) in enumerate(pairs):
        variable = PLACEHOLDER.match(segment)
        if variable:
            choice = call.arguments.get(variable.group(1), {})
            if "fixed" in choice:
                choices = [choice["fixed"]]
            elif choice.get("enum", ("",))[0] == "|":
                choices = values.get(choice["enum"][1], ())
            else:
                choices = choice.get("enum", ("", ()))[1]
        else:
            choices = [segment]
        types = [f"{t}/{c}" for t in types for c in choices]
        variable = PLACEHOLDER.match(value)
        if index == len(pairs) - 1:
            name = dict(call.arguments.get(variable.group(1), {})) if variable else {"fixed": value}
            if name.get("enum", ("",))[0] == "|":
                name["one_of"] = values.get(name["enum"][1], ())
            elif "enum" in name:
                name["one_of"] = name["enum"][1]
    return [(namespace + t, scope, name) for t in types]


def provider_of(calls):
    """The provider that most of a client's calls go to, without its company and in small letters."""
    found = Counter(re.findall(r"/providers/([^/{}]+)/", "\n".join(c.url for c in calls if c.method == "PUT")))
    return found.most_common(1)[0][0].split(".")[-1].lower() if found else ""


def scope_of(prefix):
    """t tenant, m management group, s subscription, g resource group, x any resource."""
    if prefix == "":
        return "t"
    if re.fullmatch(r"/subscriptions/\{\w+\}", prefix, re.IGNORECASE):
        return "s"
    if re.fullmatch(r"/subscriptions/\{\w+\}/resourceGroups/\{\w+\}", prefix, re.IGNORECASE):
        return "g"
    if re.fullmatch(r"/providers/Microsoft\.Management/managementGroups/\{\w+\}", prefix, re.IGNORECASE):
        return "m"
    return "x"


# ---------------------------------------------------------------- shapes

class Shapes:
    """The pool of body shapes. Equal ones are one line of the table; a class that contains itself refers back by number."""

    def __init__(self, closed):
        self.lines, self.numbers, self.enums, self.closed = [], {}, {}, closed
        self.modules = {module for module, _ in closed}
        self.anywhere = defaultdict(set)
        for (_, member), known in closed.items():
            self.anywhere[member] |= known

    def intern(self, line):
        if line not in self.numbers:
            self.numbers[line] = len(self.lines)
            self.lines.append(line)
        return self.numbers[line]

    def flagged(self, flag, number, path):
        """The shape with that flag at the member of that path, or `:` and its type. A path that leads nowhere is an error: the override is stale."""
        words_, found = self.lines[number].split(" "), False
        for index, word in enumerate(words_):
            match = re.fullmatch(r"([!+$]*)([^:!+$?-][^:]*)(:([\[{]*)(#)?(\w+))?", word)
            if match and match.group(2) == path[0]:
                found = True
                if len(path) == 1 and flag.startswith(":"):
                    words_[index] = match.group(1) + match.group(2) + flag
                elif len(path) == 1:
                    words_[index] = f"-{path[0]}" if flag == "-" else flag + word.lstrip("!")
                else:
                    inner = self.flagged(flag, int(match.group(6)), path[1:])
                    words_[index] = f"{word[:match.start(6)]}{inner}"
        if not found:
            sys.exit(f"overrides.txt: no member {path[0]} in shape {self.lines[number]}")
        return self.intern(" ".join(words_))

    def values(self, values, wire, provider):
        """`e7`, or `E7` where there are no others. Some modules are not called as their provider is; for those any will do."""
        small = {v.lower() for v in values}
        known = self.closed.get((provider, wire.lower()), ()) if provider in self.modules else self.anywhere[wire.lower()]
        complete = small in known
        return f"{'E' if complete else 'e'}{self.enums.setdefault(values, len(self.enums))}"


class Body:
    """Builds the shape of one PUT body beside what GET answers: what only GET knows is read-only, what only PUT knows is
    never returned."""

    def __init__(self, models, values, shapes, provider):
        self.models, self.values, self.shapes, self.provider = models, values, shapes, provider
        self.memo = {}
        self.open = []

    def of_class(self, name, answer):
        if name not in self.models:
            return "a"
        key = (name, answer)
        if key in self.memo:
            return self.memo[key]
        if any(n == name for n, _ in self.open):
            # A class inside itself: what lies deeper is rare, and taken as it is.
            return "a"
        self.open.append(key)
        shape = self.build(name, answer)
        self.open.pop()
        self.memo[key] = shape
        return shape

    def build(self, name, answer):
        model = self.models[name]
        got = tree(self.models, answer) if answer in self.models and answer != name else None
        line = self.members(tree(self.models, name), got, model.discriminator)
        if open_ended(self.models, name):
            line = "* " + line if line else "*"
        discriminator = next((m.discriminator for m in [model, *ancestors(self.models, model)] if m.discriminator), None)
        if model.variants and discriminator:
            variants = []
            for value, variant in sorted(model.variants.items()):
                if variant in self.models and variant != name:
                    there = self.models[answer].variants.get(value) if answer in self.models else None
                    shape = self.of_class(variant, there or variant)
                    if shape.startswith("#"):
                        variants.append(f"{escape(value)}={shape[1:]}")
            if variants:
                line = f"?{escape(discriminator)}:{'|'.join(variants)} {line}"
        return f"#{self.shapes.intern(line.strip())}"

    def members(self, put, got, discriminator=None):
        out = []
        for wire in sorted({*put, *(got or {})}):
            entry, there = put.get(wire), (got or {}).get(wire)
            if entry is None:
                # Only the answer has it, at any depth: read-only whole.
                out.append(f"-{escape(wire)}")
                continue
            if isinstance(entry, dict):
                inner = self.members(entry, there if isinstance(there, dict) else self.nested_of(there))
                required = "!" if any(m.required for m in entry.values() if isinstance(m, Member)) else ""
                out.append(f"{required}{escape(wire)}:#{self.shapes.intern(inner)}")
                continue
            if entry.read_only:
                out.append(f"-{escape(wire)}")
                continue
            flags = "!" if entry.required or wire == discriminator else ""
            if entry.write_only or (got is not None and there is None):
                flags += "+"
            kind = self.kind(entry.kind, there.kind if isinstance(there, Member) else None, wire)
            if kind == "s" and SECRET.search(wire) and not NOT_SECRET.match(wire):
                flags += "$"
            out.append(f"{flags}{escape(wire)}:{kind}" if kind != "s" else f"{flags}{escape(wire)}")
        return " ".join(out)

    def nested_of(self, member):
        if isinstance(member, Member) and member.kind[0] == "#" and member.kind[1] in self.models:
            return tree(self.models, member.kind[1])
        return None

    def kind(self, kind, there, wire):
        if kind[0] in "[{":
            return kind[0] + self.kind(kind[1], there[1] if there and there[0] == kind[0] else None, wire)
        if kind[0] == "|":
            values = self.values.get(kind[1])
            return self.shapes.values(values, wire, self.provider) if values else "s"
        if kind[0] == "=":
            return self.shapes.values(kind[1], wire, self.provider)
        if kind[0] == "#":
            if kind[1] in self.values:
                return self.shapes.values(self.values[kind[1]], wire, self.provider) if self.values[kind[1]] else "s"
            return self.of_class(kind[1], there[1] if there and there[0] == "#" else kind[1])
        return kind[0]


def escape(text):
    """A name or value as one word of the table: what the table's own syntax uses is written as `%41`."""
    hexed = lambda c: "".join(f"%{byte:02X}" for byte in c.encode("utf-8"))
    text = "".join(hexed(c) if c in "% :|=\t\n" else c for c in text)
    return hexed(text[0]) + text[1:] if text[:1] in tuple("!-+$?*#[{@") else text


# ---------------------------------------------------------------- the table

def stable(version):
    return not re.search(r"preview|alpha|beta|privatepreview", version, re.IGNORECASE)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--packages", help="a folder that already holds the archives")
    options.add_argument("--out", default=HERE / "table.txt.gz")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.packages or scratch
        if not options.packages:
            fetch(folder)
        build(folder, options.out)


def build(folder, out):
    shapes = Shapes(closed_values(folder))
    found = defaultdict(lambda: {"put": {}, "get": {}, "spelling": {}, "names": {}, "scopes": set()})
    packages = []
    for package, texts in sources(folder):
        packages.append(package)
        clients = defaultdict(lambda: ({}, {}))
        for path, text in texts.items():
            match = re.match(r"(.*)/(models|operations)/[^/]+$", path)
            if match:
                clients[match.group(1)][match.group(2) == "operations"][path] = text
        for client in sorted(clients):
            model_texts, operation_texts = clients[client]
            models, values = read_models(model_texts)
            calls = [c for p in sorted(operation_texts) for c in read_calls(operation_texts[p])]
            body = Body(models, values, shapes, provider_of(calls))
            answers = {c.url.lower(): c.response for c in calls if c.method == "GET" and c.response}
            for call in calls:
                if call.method not in ("PUT", "GET"):
                    continue
                for arm_type, scope, name in resources_of(call, values):
                    entry = found[arm_type.lower()]
                    entry["spelling"].setdefault(arm_type, 0)
                    entry["spelling"][arm_type] += 1
                    if call.method == "PUT":
                        entry["scopes"].add(scope)
                        if call.body is None:
                            shape = "-" if call.response is None else "#" + str(shapes.intern(""))
                        else:
                            shape = body.of_class(call.body, answers.get(call.url.lower()) or call.response or call.body)
                        # `config/web` and `config/appsettings` are one type with a body for each name.
                        entry["put"].setdefault(call.version, {}).setdefault(name.get("fixed"), shape)
                        entry["names"].setdefault(call.version, name)
                    else:
                        entry["get"].setdefault(call.version, scope)
                        if call.version not in entry["names"]:
                            entry["names"][call.version] = name
    overrides = read_overrides()
    write(found, shapes, packages, overrides, out)


def read_overrides():
    """`type word=value …`: replaces those words of the type's line; `r=a.b,c` makes members of its
    body read-only, `q=` required, `e=a.b:X|Y` gives a member its values."""
    overrides = {}
    for line in (HERE / "overrides.txt").read_text().splitlines():
        line = line.split(" # ")[0].strip()
        if line and not line.startswith("#"):
            arm_type, *rest = line.split()
            overrides[arm_type.lower()] = (arm_type, dict(w.split("=", 1) for w in rest))
    return overrides


def newest(versions):
    """The newest stable version; the newest preview when there is none."""
    return max(versions, key=lambda v: (stable(v), v)) if versions else None


def write(found, shapes, packages, overrides, out):
    lines = []
    for lower in sorted({*found, *overrides}):
        entry = found.get(lower)
        words_ = {}
        spelling = overrides[lower][0] if lower in overrides else max(entry["spelling"], key=lambda s: (entry["spelling"][s], s))
        if entry:
            puts = {v: s for v, s in entry["put"].items() if set(s.values()) != {"-"}}
            version = newest(puts) or newest(entry["get"])
            if lower in overrides and overrides[lower][1].get("v") in puts:
                version = overrides[lower][1]["v"]
            words_["v"] = version
            others = sorted({*entry["put"], *entry["get"]} - {version}, reverse=True)
            if others:
                words_["o"] = ",".join(others)
            if puts:
                words_["s"] = "".join(c for c in "tmsgx" if c in entry["scopes"])
                words_["b"] = by_name(puts[version], shapes)
            name = entry["names"].get(version, {})
            fixed = set(entry["put"].get(version, {})) if puts else {name.get("fixed")}
            if None not in fixed:
                words_["f"] = "|".join(escape(n) for n in sorted(fixed))
            elif name.get("one_of"):
                words_["f"] = "|".join(escape(v) for v in name["one_of"])
            else:
                if "min_length" in name or "max_length" in name:
                    words_["l"] = f"{name.get('min_length', '')}..{name.get('max_length', '')}"
                if "pattern" in name:
                    words_["p"] = escape(name["pattern"])
        if lower in overrides:
            words_.update(overrides[lower][1])
            for change in filter(None, words_.pop("e", "").split(",")):
                path, values = change.split(":")
                number = shapes.enums.setdefault(tuple(values.split("|")), len(shapes.enums))
                words_["b"] = str(shapes.flagged(f":E{number}", int(words_["b"]), path.split(".")))
            for word, flag in (("r", "-"), ("q", "!")):
                for path in filter(None, words_.pop(word, "").split(",")):
                    words_["b"] = str(shapes.flagged(flag, int(words_["b"]), path.split(".")))
        lines.append(" ".join([spelling, *(f"{k}={v}" for k, v in words_.items() if v)]))
    used, enums, text = compact(lines, shapes)
    header = [
        "# Facts about ARM types. Written by generate.py from the packages named below; do not edit.",
        *(f"# {p}" for p in packages),
    ]
    content = "\n".join([*header, "@types", *text, "@shapes", *used, "@values", *enums, ""])
    with open(out, "wb") as file:
        # No time and no name inside: the same packages give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
            packed.write(content.encode("utf-8"))
    print(f"{len(text)} types ({sum(' b=' in t for t in text)} that can be written), {len(used)} shapes, {len(enums)} lists of values, "
          f"{len(content)} bytes, {pathlib.Path(out).stat().st_size} packed")


def by_name(bodies, shapes):
    """One shape for all names: told apart by the name where there is more than one body."""
    numbers = {name: shape.removeprefix("#") for name, shape in bodies.items() if shape.startswith("#")}
    if not numbers:
        return str(shapes.intern("*"))
    if len(set(numbers.values())) == 1 and len(numbers) == len(bodies):
        return next(iter(numbers.values()))
    variants = "|".join(f"{escape(name)}={number}" for name, number in sorted(numbers.items(), key=str) if name)
    base = shapes.lines[int(numbers[None])] if None in numbers else "*"
    return str(shapes.intern(f"?name:{variants} {base}".strip()))


def compact(lines, shapes):
    """Keeps the shapes and lists of values that some type reaches, numbered anew in the order of first use."""
    numbers, order, enum_numbers, enum_order = {}, [], {}, []
    enum_of = {n: v for v, n in shapes.enums.items()}

    def shape(old):
        if old not in numbers:
            numbers[old] = len(order)
            order.append(None)
            order[numbers[old]] = rewrite(shapes.lines[old])
        return str(numbers[old])

    def enum(letter, old):
        if old not in enum_numbers:
            enum_numbers[old] = len(enum_order)
            enum_order.append("|".join(escape(v) for v in enum_of[old]))
        return f"{letter}{enum_numbers[old]}"

    def rewrite(line):
        out = []
        for word in line.split(" "):
            if word.startswith("?"):
                head, variants = word.split(":", 1)
                word = head + ":" + "|".join(f"{v.split('=')[0]}={shape(int(v.split('=')[1]))}" for v in variants.split("|"))
            elif ":" in word:
                name, kind = word.split(":", 1)
                match = re.fullmatch(r"([\[{]*)(#|e|E)(\d+)", kind)
                if match:
                    kind = match.group(1) + ("#" + shape(int(match.group(3))) if match.group(2) == "#" else enum(match.group(2), int(match.group(3))))
                word = f"{name}:{kind}"
            out.append(word)
        return " ".join(out)

    sys.setrecursionlimit(10_000)
    text = [re.sub(r" b=(\d+)", lambda m: " b=" + shape(int(m.group(1))), line) for line in lines]
    return order, enum_order, text


if __name__ == "__main__":
    main()
