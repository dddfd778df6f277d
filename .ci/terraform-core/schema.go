package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What `terraform providers schema -json` prints, as far as it is needed.

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Nested    *nested         `json:"nested_type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	Sensitive bool            `json:"sensitive"`
	WriteOnly bool            `json:"write_only"`
}

type nested struct {
	Attributes map[string]attribute `json:"attributes"`
	Mode       string               `json:"nesting_mode"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type nestedBlock struct {
	Mode  string `json:"nesting_mode"`
	Block block  `json:"block"`
	Least int64  `json:"min_items"`
	Most  int64  `json:"max_items"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type document struct {
	Providers map[string]struct {
		Provider  schema            `json:"provider"`
		Resources map[string]schema `json:"resource_schemas"`
	} `json:"provider_schemas"`
}

var objectModes = map[string]tfprotov6.SchemaObjectNestingMode{
	"single": tfprotov6.SchemaObjectNestingModeSingle,
	"list":   tfprotov6.SchemaObjectNestingModeList,
	"set":    tfprotov6.SchemaObjectNestingModeSet,
	"map":    tfprotov6.SchemaObjectNestingModeMap,
}

var blockModes = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov6.SchemaNestedBlockNestingModeMap,
	"group":  tfprotov6.SchemaNestedBlockNestingModeGroup,
}

// read gives the provider's address and what it says of itself.
func read(path string) (string, *tfprotov6.GetProviderSchemaResponse, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	var document document
	if err := json.Unmarshal(raw, &document); err != nil {
		return "", nil, err
	}
	for address, provider := range document.Providers {
		own, err := provider.Provider.Block.convert()
		if err != nil {
			return "", nil, err
		}
		out := &tfprotov6.GetProviderSchemaResponse{
			Provider:           &tfprotov6.Schema{Block: own},
			ResourceSchemas:    map[string]*tfprotov6.Schema{},
			ServerCapabilities: &tfprotov6.ServerCapabilities{},
		}
		for name, resource := range provider.Resources {
			block, err := resource.Block.convert()
			if err != nil {
				return "", nil, fmt.Errorf("%s: %w", name, err)
			}
			out.ResourceSchemas[name] = &tfprotov6.Schema{Version: resource.Version, Block: block}
		}
		return address, out, nil
	}
	return "", nil, fmt.Errorf("%s holds no provider", path)
}

func (b block) convert() (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	for name, attribute := range b.Attributes {
		converted, err := attribute.convert(name)
		if err != nil {
			return nil, err
		}
		out.Attributes = append(out.Attributes, converted)
	}
	for name, nested := range b.Blocks {
		inner, err := nested.Block.convert()
		if err != nil {
			return nil, err
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: inner, MinItems: nested.Least, MaxItems: nested.Most, Nesting: blockModes[nested.Mode],
		})
	}
	return out, nil
}

func (a attribute) convert(name string) (*tfprotov6.SchemaAttribute, error) {
	out := &tfprotov6.SchemaAttribute{
		Name: name, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
	}
	if a.Nested == nil {
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // There is no other way to read one.
		out.Type = kind
		return out, err
	}
	out.NestedType = &tfprotov6.SchemaObject{Nesting: objectModes[a.Nested.Mode]}
	for name, inner := range a.Nested.Attributes {
		converted, err := inner.convert(name)
		if err != nil {
			return nil, err
		}
		out.NestedType.Attributes = append(out.NestedType.Attributes, converted)
	}
	return out, nil
}
