package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// How the azapi provider imports and compares, by its documentation.

// plan is what the provider plans for a configuration of what it imported.
func planAzapi(config, prior map[string]tftypes.Value) map[string]tftypes.Value {
	out := map[string]tftypes.Value{}
	for name, value := range config {
		out[name] = value
		// What is computed, or has a default that an import sets, stays.
		if value.IsNull() && name != "tags" && name != "identity" {
			out[name] = prior[name]
		}
	}
	if plain(text(config["location"])) == plain(text(prior["location"])) {
		out["location"] = prior["location"]
	}
	if config["body"].IsNull() || config["body"].IsFullyKnown() && holds(toJSON(prior["body"]), toJSON(config["body"])) {
		out["body"] = prior["body"]
		if strings.EqualFold(text(config["type"]), text(prior["type"])) {
			out["type"] = prior["type"]
		}
	}
	if sameIdentity(toJSON(config["identity"]), toJSON(prior["identity"])) {
		out["identity"] = prior["identity"]
	}
	for _, sent := range []string{"sensitive_body", "ignore_body_changes"} {
		out[sent] = tftypes.NewValue(prior[sent].Type(), nil)
	}
	return out
}

// holds says whether everything that is said is answered so.
func holds(answered, said any) bool {
	switch said := said.(type) {
	case map[string]any:
		answered, ok := answered.(map[string]any)
		for name, value := range said {
			if there := answered[name]; !ok || there == nil && !isZero(value) || there != nil && !holds(there, value) {
				return false
			}
		}
		return true
	case []any:
		answered, ok := answered.([]any)
		if !ok || len(answered) != len(said) {
			return false
		}
		for index, value := range said {
			if !holds(answered[index], value) {
				return false
			}
		}
		return true
	default:
		return fmt.Sprint(answered) == fmt.Sprint(said)
	}
}

func isZero(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return fmt.Sprint(value) == "0"
}

func sameIdentity(one, other any) bool {
	first := func(value any) (string, map[string]bool) {
		list, _ := value.([]any)
		if len(list) == 0 {
			return "", nil
		}
		object, _ := list[0].(map[string]any)
		ids := map[string]bool{}
		for _, id := range asList(object["identity_ids"]) {
			ids[strings.ToLower(fmt.Sprint(id))] = true
		}
		return fmt.Sprint(object["type"]), ids
	}
	kind, ids := first(one)
	otherKind, otherIDs := first(other)
	return kind == otherKind && fmt.Sprint(ids) == fmt.Sprint(otherIDs)
}

func asList(value any) []any {
	list, _ := value.([]any)
	return list
}

// importAzapi fills in what the provider reads of an answer.
func importAzapi(values map[string]tftypes.Value, types map[string]tftypes.Type, id, version string, row map[string]any) {
	set := func(name string, value any) { values[name] = tftypes.NewValue(types[name], value) }
	parent, kind := parentAndType(id)
	set("id", id)
	set("name", id[strings.LastIndex(id, "/")+1:])
	set("parent_id", parent)
	set("type", kind+"@"+version)
	set("schema_validation_enabled", true)
	set("ignore_casing", false)
	set("ignore_missing_property", true)
	set("ignore_null_property", false)
	if location, ok := row["location"].(string); ok {
		set("location", plain(location))
	}
	if tags, ok := row["tags"].(map[string]any); ok && len(tags) > 0 {
		pairs := map[string]tftypes.Value{}
		for name, value := range tags {
			pairs[name] = tftypes.NewValue(tftypes.String, fmt.Sprint(value))
		}
		set("tags", pairs)
	}
	body := map[string]any{}
	for name, value := range row {
		switch name {
		case "id", "name", "type", "location", "tags", "identity":
		default:
			body[name] = value
		}
	}
	values["body"] = fromJSON(body)
	values["output"] = fromJSON(map[string]any{"properties": row["properties"]})
}

// parentAndType takes an ID apart: an extension or a resource of a group hangs on what stands before the last provider, a
// child on its parent.
func parentAndType(id string) (string, string) {
	at := strings.LastIndex(strings.ToLower(id), "/providers/")
	segments := strings.Split(strings.Trim(id, "/"), "/")
	if at < 0 {
		return "/" + strings.Join(segments[:len(segments)-2], "/"), "Microsoft.Resources/resourceGroups"
	}
	inner := strings.Split(id[at+len("/providers/"):], "/")
	kind := inner[0]
	for index := 1; index < len(inner); index += 2 {
		kind += "/" + inner[index]
	}
	if len(inner) > 3 {
		return id[:len(id)-len(inner[len(inner)-1])-len(inner[len(inner)-2])-2], kind
	}
	if at == 0 {
		return "/", kind
	}
	return id[:at], kind
}

func plain(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

func text(value tftypes.Value) string {
	var out string
	if value.IsKnown() && !value.IsNull() {
		_ = value.As(&out)
	}
	return out
}

// fromJSON gives a value of the type that it has by itself.
func fromJSON(value any) tftypes.Value {
	switch value := value.(type) {
	case nil:
		return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	case bool:
		return tftypes.NewValue(tftypes.Bool, value)
	case string:
		return tftypes.NewValue(tftypes.String, value)
	case json.Number:
		number, _, _ := big.ParseFloat(value.String(), 10, 512, big.ToNearestEven)
		return tftypes.NewValue(tftypes.Number, number)
	case []any:
		var types []tftypes.Type
		values := []tftypes.Value{}
		for _, item := range value {
			converted := fromJSON(item)
			types = append(types, converted.Type())
			values = append(values, converted)
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: types}, values)
	case map[string]any:
		types := map[string]tftypes.Type{}
		values := map[string]tftypes.Value{}
		for name, item := range value {
			converted := fromJSON(item)
			types[name] = converted.Type()
			values[name] = converted
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: types}, values)
	}
	panic(fmt.Sprintf("%T is not JSON", value))
}

// toJSON is the way back; numbers become texts, which are only compared.
func toJSON(value tftypes.Value) any {
	if !value.IsKnown() || value.IsNull() {
		return nil
	}
	kind := value.Type()
	switch {
	case kind.Is(tftypes.String):
		return text(value)
	case kind.Is(tftypes.Bool):
		var out bool
		_ = value.As(&out)
		return out
	case kind.Is(tftypes.Number):
		var out big.Float
		_ = value.As(&out)
		return out.Text('g', 40)
	case kind.Is(tftypes.Object{}), kind.Is(tftypes.Map{}):
		var members map[string]tftypes.Value
		_ = value.As(&members)
		out := map[string]any{}
		for name, member := range members {
			out[name] = toJSON(member)
		}
		return out
	}
	var items []tftypes.Value
	_ = value.As(&items)
	out := []any{}
	for _, item := range items {
		out = append(out, toJSON(item))
	}
	return out
}
