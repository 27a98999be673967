import Foundation
import RidCore

/// Prepares the folder of a wallet on a device of Apple, and gives its path.
///
/// It is `name` in Application Support, or in the container of the app group `group` where an extension opens the same wallet. The folder is
/// left out of iCloud and device backups: a copy of the store is of no use without the keys of this device, and one that is put back later
/// looks like a rollback. **Not verified on a device.**
///
/// The folder and every file in it, the write-ahead log and the envelopes too, get the protection class *until first user authentication*;
/// files that are made later inherit the class of the folder. A stronger class makes a file unreadable while the screen is locked, also in
/// the middle of a transaction, and an extension could not open the store then. The content does not rest on that class: it is sealed under a
/// key of the Secure Enclave that works only while the device is unlocked.
///
/// Call it before each opening. Throws `RidError.storageDamaged` (`storage_io`) where there is no such folder or the system refuses.
public func walletFolder(name: String = "rid-wallet", group: String? = nil) throws -> String {
    try walletFolder(name: name, group: group, in: SystemFolders())
}

/// The folders of a platform and the marks of its files.
protocol FolderSystem {
    /// Application Support, or the container of an app group.
    func base(group: String?) throws -> URL?
    /// Sets the protection class *until first user authentication*.
    func protect(_ path: String) throws
    /// Leaves a folder with all of its files out of backups.
    func excludeFromBackup(_ folder: URL) throws
}

func walletFolder(name: String, group: String?, in system: some FolderSystem) throws -> String {
    // No text of the platform goes on: it names paths.
    guard let base = try? system.base(group: group), let folder = try? prepared(base.appendingPathComponent(name), in: system) else {
        throw RidError.storageDamaged(code: "storage_io")
    }
    return folder
}

private func prepared(_ folder: URL, in system: some FolderSystem) throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try system.protect(folder.path)
    // Files of an earlier version, or made before the folder was protected.
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) { try system.protect(folder.path + "/" + file) }
    try system.excludeFromBackup(folder)
    return folder.path
}

/// The platform's own. The marks are Apple's alone.
private struct SystemFolders: FolderSystem {
    func base(group: String?) throws -> URL? {
        #if canImport(Darwin)
        if let group { return FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group) }
        #endif
        return try FileManager.default.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
    }

    func protect(_ path: String) throws {
        #if os(iOS)
        let attributes: [FileAttributeKey: Any] = [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
        #endif
    }

    func excludeFromBackup(_ folder: URL) throws {
        #if canImport(Darwin)
        var folder = folder
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        #endif
    }
}
