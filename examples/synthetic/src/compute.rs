//! Machines, their disks and extensions.

use std::fmt::Write as _;

use crate::{
    cell::Cell,
    identity, network,
    random::{Random, guid},
    writer::Writer,
};

const MACHINES: &str = "Microsoft.Compute/virtualMachines";
const DISKS: &str = "Microsoft.Compute/disks";
const SIZES: [&str; 5] = [
    "Standard_D2s_v5",
    "Standard_D4s_v5",
    "Standard_E4s_v5",
    "Standard_B2ms",
    "Standard_F4s_v2",
];

/// Machines in a cell.
const COUNT: usize = 6;

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    let set = cell.id("Microsoft.Compute/availabilitySets", "avail");
    let mut members = String::new();
    for number in 0..2 {
        let comma = if number > 0 { "," } else { "" };
        let _infallible = write!(
            members,
            r#"{comma}{{"id":"{}"}}"#,
            cell.id(MACHINES, &format!("vm-{number}"))
        );
    }
    cell.resource(
        w,
        "Microsoft.Compute/availabilitySets",
        &set,
        format_args!(
            r#""sku":{{"name":"Aligned"}},"properties":{{"platformUpdateDomainCount":5,"platformFaultDomainCount":2,"virtualMachines":[{members}]}}"#
        ),
    );
    let mut random = Random::new(cell.seed ^ 0xc0, cell.index);
    for number in 0..COUNT {
        machine(cell, w, number, &mut random, &set);
    }
    let source = cell.id(DISKS, "disk-vm-0-data");
    let snapshot = cell.id("Microsoft.Compute/snapshots", "snap-vm-0");
    cell.resource(
        w,
        "Microsoft.Compute/snapshots",
        &snapshot,
        format_args!(
            r#""sku":{{"name":"Standard_LRS","tier":"Standard"}},"properties":{{"creationData":{{"createOption":"Copy","sourceResourceId":"{source}"}},"diskSizeGB":256,"incremental":true,"networkAccessPolicy":"DenyAll","provisioningState":"Succeeded"}}"#
        ),
    );
    w.edge(&source, "BACKED_UP_BY", &snapshot);
    if cell.has(2, 2) {
        scale_set(cell, w);
    }
}

fn machine(cell: &Cell, w: &mut Writer, number: usize, random: &mut Random, set: &str) {
    let name = format!("vm-{number}");
    let id = cell.id(MACHINES, &name);
    let interface = network::interface(cell, &format!("nic-{name}"));
    // The first two stand behind the balancer and in the set; half of them have a data disk.
    let front = number < 2;
    let pool = if front { network::pool(cell) } else { String::new() };
    let subnet = if front { "web" } else { "app" };
    network::nic_row(
        cell,
        w,
        &format!("nic-{name}"),
        subnet,
        &pool,
        &format!(r#""primary":true,"virtualMachine":{{"id":"{id}"}}"#),
    );
    let system = cell.id(DISKS, &format!("disk-{name}-os"));
    disk(cell, w, &system, &id, 64, true);
    let mut data = String::new();
    if number.is_multiple_of(2) {
        let data_disk = cell.id(DISKS, &format!("disk-{name}-data"));
        disk(cell, w, &data_disk, &id, 256, false);
        let _infallible = write!(
            data,
            r#"{{"lun":0,"name":"disk-{name}-data","createOption":"Attach","caching":"ReadOnly","managedDisk":{{"storageAccountType":"Premium_LRS","id":"{data_disk}"}},"diskSizeGB":256}}"#
        );
    }
    let mut more = String::new();
    if front {
        let _infallible = write!(more, r#","availabilitySet":{{"id":"{set}"}}"#);
        w.edge(&id, "MEMBER_OF", set);
    }
    let size = random.pick(&SIZES);
    let assigned = identity::assigned(cell, "id-app");
    cell.resource(
        w,
        MACHINES,
        &id,
        format_args!(
            r#"{assigned},"properties":{{"vmId":"{}","hardwareProfile":{{"vmSize":"{size}"}},"storageProfile":{{"imageReference":{{"publisher":"Canonical","offer":"0001-com-ubuntu-server-jammy","sku":"22_04-lts-gen2","version":"latest"}},"osDisk":{{"osType":"Linux","name":"disk-{name}-os","createOption":"FromImage","caching":"ReadWrite","managedDisk":{{"storageAccountType":"Premium_LRS","id":"{system}"}},"deleteOption":"Delete","diskSizeGB":64}},"dataDisks":[{data}]}},"osProfile":{{"computerName":"{name}","adminUsername":"operator","linuxConfiguration":{{"disablePasswordAuthentication":true,"provisionVMAgent":true}},"secrets":[],"allowExtensionOperations":true}},"networkProfile":{{"networkInterfaces":[{{"id":"{interface}","properties":{{"primary":true}}}}]}},"diagnosticsProfile":{{"bootDiagnostics":{{"enabled":true}}}},"provisioningState":"Succeeded"{more}}}"#,
            guid(*random)
        ),
    );
    w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-app"));
    w.edge(&id, "CONNECTED_TO", &interface);
    let extension = format!("{id}/extensions/AzureMonitorLinuxAgent");
    cell.tracked_child(
        w,
        &id,
        "Microsoft.Compute/virtualMachines/extensions",
        &extension,
        format_args!(
            r#""properties":{{"autoUpgradeMinorVersion":true,"enableAutomaticUpgrade":true,"provisioningState":"Succeeded","publisher":"Microsoft.Azure.Monitor","type":"AzureMonitorLinuxAgent","typeHandlerVersion":"1.0","settings":{{}}}}"#
        ),
    );
}

fn disk(cell: &Cell, w: &mut Writer, id: &str, machine: &str, size: u32, system: bool) {
    let create = if system { "FromImage" } else { "Empty" };
    cell.resource(
        w,
        DISKS,
        id,
        format_args!(
            r#""managedBy":"{machine}","sku":{{"name":"Premium_LRS","tier":"Premium"}},"properties":{{"creationData":{{"createOption":"{create}"}},"diskSizeGB":{size},"diskIOPSReadWrite":500,"diskMBpsReadWrite":100,"encryption":{{"type":"EncryptionAtRestWithPlatformKey"}},"networkAccessPolicy":"AllowAll","publicNetworkAccess":"Enabled","timeCreated":"2024-02-19T09:44:33.2090347+00:00","provisioningState":"Succeeded","diskState":"Attached","tier":"P6"}}"#
        ),
    );
    w.edge(id, "ATTACHED_TO", machine);
}

fn scale_set(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Compute/virtualMachineScaleSets";
    let id = cell.id(kind, "vmss");
    let subnet = network::subnet(cell, "app");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"Standard_D2s_v5","tier":"Standard","capacity":3}},"properties":{{"orchestrationMode":"Uniform","upgradePolicy":{{"mode":"Manual"}},"virtualMachineProfile":{{"osProfile":{{"computerNamePrefix":"w","adminUsername":"operator"}},"storageProfile":{{"osDisk":{{"osType":"Linux","createOption":"FromImage","caching":"ReadWrite"}}}},"networkProfile":{{"networkInterfaceConfigurations":[{{"name":"nic","properties":{{"primary":true,"ipConfigurations":[{{"name":"ip","properties":{{"subnet":{{"id":"{subnet}"}},"primary":true}}}}]}}}}]}}}},"provisioningState":"Succeeded","overprovision":true}}"#
        ),
    );
    w.edge(&id, "USES_SUBNET", &subnet);
}
