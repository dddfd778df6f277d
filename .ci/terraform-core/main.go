// A stand-in for the azapi, azuread and azurerm providers: their schemas, and answers from a file instead of Azure.
//
// Terraform itself then checks what is written against the real schemas, evaluates it and plans it. Resources of azapi are
// compared as that provider does; those of the other two are taken to be as they are written, which only the real ones
// can tell.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type server struct {
	// What is not needed is not there; a call of it ends the process with a word about it.
	tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
	rows   map[string]map[string]any
}

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	address, schema, err := read(filepath.Join(os.Getenv("ATG_TEST_SCHEMAS"), name+".json"))
	if err == nil {
		var rows map[string]map[string]any
		rows, err = answers(os.Getenv("ATG_TEST_ANSWERS"))
		if err == nil {
			err = tf6server.Serve(address, func() tfprotov6.ProviderServer { return &server{schema: schema, rows: rows} })
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// answers reads a file with a JSON object a line, by ID.
func answers(path string) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.UseNumber()
		var row map[string]any
		if decoder.Decode(&row) != nil {
			continue
		}
		if id, ok := row["id"].(string); ok {
			out[strings.ToLower(id)] = row
		}
	}
	return out, lines.Err()
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	out := &tfprotov6.GetMetadataResponse{}
	for name := range s.schema.ResourceSchemas {
		out.Resources = append(out.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	return out, nil
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return s.schema, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (s *server) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s *server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s *server) ReadResource(_ context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: request.CurrentState}, nil
}

func (s *server) ImportResourceState(_ context.Context, request *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	schema := s.schema.ResourceSchemas[request.TypeName]
	kind := schema.ValueType().(tftypes.Object)
	types := kind.AttributeTypes
	id, version, _ := strings.Cut(request.ID, "?api-version=")
	id, _, _ = strings.Cut(id, "|")
	row := s.rows[strings.ToLower(id)]

	values := map[string]tftypes.Value{}
	for name, kind := range types {
		values[name] = tftypes.NewValue(kind, nil)
	}
	for _, block := range schema.Block.BlockTypes {
		if block.Nesting == tfprotov6.SchemaNestedBlockNestingModeList || block.Nesting == tfprotov6.SchemaNestedBlockNestingModeSet {
			values[block.TypeName] = tftypes.NewValue(types[block.TypeName], []tftypes.Value{})
		}
		if raw, ok := row["identity"].(map[string]any); ok && block.TypeName == "identity" {
			values["identity"] = identity(types["identity"], raw)
		}
	}
	if request.TypeName == "azapi_resource" {
		importAzapi(values, types, id, version, row)
	} else {
		name := id[strings.LastIndex(id, "/")+1:]
		known := map[string]string{"id": id, "name": name, "object_id": name, "principal_id": name, "client_id": name}
		for attribute, value := range known {
			if kind, ok := types[attribute]; ok && kind.Is(tftypes.String) {
				values[attribute] = tftypes.NewValue(kind, value)
			}
		}
	}
	state, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	return &tfprotov6.ImportResourceStateResponse{
		ImportedResources: []*tfprotov6.ImportedResource{{TypeName: request.TypeName, State: &state}},
	}, err
}

// identity is what both providers read of a managed identity.
func identity(kind tftypes.Type, raw map[string]any) tftypes.Value {
	var element tftypes.Object
	switch kind := kind.(type) {
	case tftypes.List:
		element = kind.ElementType.(tftypes.Object)
	case tftypes.Set:
		element = kind.ElementType.(tftypes.Object)
	}
	spelled := map[string]string{
		"systemassigned": "SystemAssigned", "userassigned": "UserAssigned",
		"systemassigned,userassigned": "SystemAssigned, UserAssigned",
	}
	values := map[string]tftypes.Value{}
	for name, kind := range element.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	own, ok := spelled[plain(fmt.Sprint(raw["type"]))]
	if !ok {
		own = "None"
	}
	values["type"] = tftypes.NewValue(tftypes.String, own)
	values["principal_id"] = tftypes.NewValue(tftypes.String, raw["principalId"])
	if assigned, ok := raw["userAssignedIdentities"].(map[string]any); ok && len(assigned) > 0 {
		ids := []tftypes.Value{}
		for id := range assigned {
			ids = append(ids, tftypes.NewValue(tftypes.String, id))
		}
		values["identity_ids"] = tftypes.NewValue(element.AttributeTypes["identity_ids"], ids)
	}
	return tftypes.NewValue(kind, []tftypes.Value{tftypes.NewValue(element, values)})
}

func (s *server) PlanResourceChange(_ context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if request.TypeName != "azapi_resource" {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: request.PriorState, UnsafeToUseLegacyTypeSystem: true}, nil
	}
	kind := s.schema.ResourceSchemas[request.TypeName].ValueType()
	var config, prior map[string]tftypes.Value
	for _, part := range []struct {
		from *tfprotov6.DynamicValue
		into *map[string]tftypes.Value
	}{{request.Config, &config}, {request.PriorState, &prior}} {
		value, err := part.from.Unmarshal(kind)
		if err != nil {
			return nil, err
		}
		if err := value.As(part.into); err != nil {
			return nil, err
		}
	}
	planned, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, planAzapi(config, prior)))
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &planned, UnsafeToUseLegacyTypeSystem: true}, err
}
