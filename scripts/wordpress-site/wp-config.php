<?php
// The settings of the site that scripts/wordpress starts. Its folder and its salt come from there.
$site_dir = getenv( 'MCMP_SITE_DIR' );
$salt     = getenv( 'MCMP_SITE_SALT' );

define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:' . $site_dir . '/run/db.sock' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
$table_prefix = 'wp_';

foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
	define( $name . '_KEY', hash( 'sha256', $name . '-key-' . $salt ) );
	define( $name . '_SALT', hash( 'sha256', $name . '-salt-' . $salt ) );
}

// The address is the one it was asked under, so that a proxy in front is part of every link.
$host = $_SERVER['HTTP_HOST'] ?? '127.0.0.1';
if ( ! preg_match( '/^(127\.0\.0\.1|localhost)(:[0-9]{1,5})?$/', $host ) ) {
	http_response_code( 400 );
	exit( 'this site is for this machine alone' );
}
define( 'WP_HOME', 'http://' . $host );
define( 'WP_SITEURL', 'http://' . $host );

// Application passwords work over http on a local site.
define( 'WP_ENVIRONMENT_TYPE', 'local' );
define( 'WP_DEBUG', false );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_AUTO_UPDATE_CORE', false );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISALLOW_FILE_MODS', true );
define( 'WP_DEFAULT_THEME', 'mcmp' );

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
