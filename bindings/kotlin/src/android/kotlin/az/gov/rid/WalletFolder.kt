package az.gov.rid

import android.content.Context
import az.gov.rid.core.SecureArea
import az.gov.rid.core.WalletOptions
import java.io.File

/**
 * The folder of a wallet on a phone. It is in [Context.getNoBackupFilesDir], so Auto Backup and the transfer to a new phone leave it out
 * without any rule in the app: a copy of the store is of no use without the keys of this phone, and one that is put back later looks like
 * a rollback. **Not verified on a device.**
 *
 * @param name one folder for each wallet of the app
 */
public fun walletFolder(context: Context, name: String = "rid-wallet"): String = File(context.noBackupFilesDir, name).path

/** Opens the wallet in [walletFolder], with keys in the Android Keystore. */
public suspend fun RidWallet.Companion.open(
    context: Context,
    options: WalletOptions,
    secureArea: SecureArea = AndroidSecureArea(context),
): RidWallet = open(walletFolder(context), options, secureArea)
